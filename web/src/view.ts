// One landscape in the page: what is shown, what is chosen, and how the parts are told of it.
import { Chart } from "./chart";
import { Controls } from "./controls";
import { h, s } from "./dom";
import { pointAt, summary } from "./hikers";
import { commandFor, nextHiker, type Command } from "./keys";
import { layOut, type Layout } from "./layout";
import { PlaneMap } from "./map";
import { formatNumber } from "./numbers";
import { Panel, setText } from "./panel";
import { advance, atSpeed, newPlayer, seek, step, toggle, type Player } from "./player";
import { Relief } from "./relief";
import type { Scene } from "./scene";
import { Table } from "./table";
import { Terrain } from "./terrain";
import { capital, fill, frameName, wordsFor, type Words } from "./words";

/** From this width on, the panel stands beside the map. */
const WIDE = 900;
const PANEL = 290;
const GAP = 28;
/** What the screen's height has to hold beside the map, in pixels: title and controls, and the loss curves. */
const AROUND = 140;
const CHART = 166;
const MIN_HEIGHT = 400;
/** How long after the last change a screen reader is told, in milliseconds. */
const QUIET = 350;

export class LandscapeView {
  readonly element: HTMLElement;
  private readonly words: Words;
  private readonly terrain: Terrain;
  private readonly map: PlaneMap;
  private readonly controls: Controls;
  private readonly chart: Chart | null = null;
  private readonly panel: Panel;
  private readonly table: Table | null = null;
  private readonly stage: HTMLElement;
  private readonly show: HTMLElement;
  private readonly said = h("p", { class: "unseen", role: "status" });
  private readonly failed = h("p", { class: "failed", role: "alert", hidden: true });
  private readonly gone = new AbortController();
  private readonly observer: ResizeObserver;
  private relief: Relief | null = null;
  private layout: Layout | null = null;
  private player: Player;
  private basins = false;
  private pinned = -1;
  private hovered = -1;
  private width = 0;
  private screen = { height: 0, density: 0 };
  private tickAt = 0;
  private ticking = 0;
  private sayLater = 0;

  constructor(
    private readonly scene: Scene,
    private readonly lang: string,
  ) {
    this.words = wordsFor(lang);
    const { words } = this;
    const motion = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.player = newPlayer(scene.hikers.length ? scene.frames.length : 1, motion.matches);
    this.terrain = new Terrain(scene);
    this.map = new PlaneMap(scene, this.terrain, lang);
    const frame = frameName(words, scene.frameLabel);
    const shownFrames = scene.hikers.length ? scene.frames : new Float64Array(1);
    this.controls = new Controls(words, shownFrames, frame, scene.basins !== null, {
      toggle: () => this.apply({ do: "toggle" }),
      seek: (to) => this.apply({ do: "seek", frame: to }),
      step: (frames) => this.apply({ do: "step", frames }),
      speed: (speed) => (this.player = atSpeed(this.player, speed)),
      basins: (shown) => this.showBasins(shown),
      mountain: () => this.apply({ do: "mountain" }),
    });
    this.panel = new Panel(scene, words, lang, this.terrain.hasHoles, () => this.pin(-1));
    const label = fill(scene.hikers.length ? words.map : words.mapAlone, {
      title: scene.title || words.landscape,
      hikers: scene.hikers.length,
    });
    this.stage = h("div", { class: "stage", tabindex: 0, role: "application", "aria-label": label });
    this.stage.append(this.map.element);
    this.show = h(
      "div",
      { class: "show" },
      this.stage,
      this.panel.element,
      this.failed,
      this.controls.element,
    );
    if (scene.hikers.length && scene.frames.length > 1) {
      const [canvas, svg] = [h("canvas"), s("svg", { "aria-hidden": "true" })];
      const about = fill(words.lossChart, { height: capital(scene.heightLabel), frame });
      const cursor = h("div", { class: "cursor" });
      this.chart = new Chart(scene, canvas, svg, cursor, { frame, lang });
      const caption = h("figcaption", {}, about);
      const drawing = h("div", { class: "curves", title: words.clickChart }, canvas, svg, cursor);
      this.show.append(h("figure", { class: "chart" }, caption, drawing));
      this.listenToChart(drawing);
    }
    this.element = h("article", { class: "landscape" });
    if (scene.title) this.element.append(h("h2", {}, scene.title));
    if (scene.note) this.element.append(h("p", { class: "note" }, scene.note));
    this.element.append(this.show);
    if (scene.hikers.length) {
      this.table = new Table(scene, words, lang, frame, (hiker) => this.pin(hiker));
      this.element.append(this.table.element);
    }
    this.element.append(this.said);
    this.listen(motion);
    this.observer = new ResizeObserver((entries) => this.fit(entries[0].contentRect.width));
    this.observer.observe(this.element);
  }

  /** Stop everything; the element is no longer in the page. */
  close(): void {
    this.observer.disconnect();
    this.gone.abort();
    cancelAnimationFrame(this.ticking);
    clearTimeout(this.sayLater);
    this.relief?.close();
  }

  /** Keys that were pressed while nothing in the page had the focus. */
  pressedOutside(event: KeyboardEvent): void {
    if ([" ", "ArrowLeft", "ArrowRight"].includes(event.key)) this.pressed(event, { tag: "BODY" });
  }

  private listen(motion: MediaQueryList): void {
    const { signal } = this.gone;
    this.show.addEventListener("keydown", (event) => {
      const focused = event.target as HTMLElement;
      this.pressed(event, { tag: focused.tagName, type: focused.getAttribute("type") });
    });
    this.stage.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse") this.hover(this.under(event)[0] ?? -1);
    });
    this.stage.addEventListener("pointerleave", () => this.hover(-1));
    this.stage.addEventListener("click", (event) => this.clicked(this.under(event)));
    motion.addEventListener("change", () => (this.player = { ...this.player, calm: motion.matches }), {
      signal,
    });
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => this.drawChart(), { signal });
    window.addEventListener("resize", () => this.screenChanged(), { signal });
  }

  private listenToChart(drawing: HTMLElement): void {
    const go = (event: PointerEvent) => {
      const x = this.scaled(drawing, event)[0];
      this.apply({ do: "seek", frame: this.chart!.frameAt(x) });
    };
    drawing.addEventListener("pointerdown", (event) => {
      drawing.setPointerCapture(event.pointerId);
      go(event);
    });
    drawing.addEventListener("pointermove", (event) => {
      if (drawing.hasPointerCapture(event.pointerId)) go(event);
    });
  }

  private pressed(event: KeyboardEvent, focused: { tag: string; type?: string | null }): void {
    const command = commandFor(event, focused);
    if (!command) return;
    event.preventDefault();
    this.apply(command);
  }

  private apply(command: Command): void {
    switch (command.do) {
      case "toggle":
        this.play(toggle(this.player));
        break;
      case "step":
        this.play(step(this.player, command.frames));
        break;
      case "seek":
        this.play(seek(this.player, command.frame));
        break;
      case "choose":
        this.pin(nextHiker(this.pinned, command.by, this.scene.hikers.length));
        break;
      case "let go":
        this.pin(-1);
        break;
      case "mountain":
        void this.toggleMountain();
        break;
    }
  }

  private play(player: Player): void {
    this.player = player;
    if (player.playing && !this.ticking) {
      this.tickAt = performance.now();
      this.ticking = requestAnimationFrame(this.tick);
    }
    this.update();
    this.announce();
  }

  private readonly tick = (now: number): void => {
    this.ticking = 0;
    // After a pause of the tab hikers go on from where they were.
    const seconds = Math.min(0.1, Math.max(0, now - this.tickAt) / 1000);
    this.tickAt = now;
    this.player = advance(this.player, seconds);
    this.update();
    if (this.player.playing) this.ticking = requestAnimationFrame(this.tick);
    else this.announce();
  };

  /** Bring all parts to the player's frame. */
  private update(): void {
    if (!this.layout) return;
    const { frame } = this.player;
    const chosen = this.chosen();
    if (this.relief) this.relief.show(frame);
    else this.map.show(frame, chosen);
    this.chart?.show(frame);
    this.controls.show(this.player);
    if (chosen >= 0) this.tellOf(chosen);
  }

  private chosen(): number {
    return this.hovered >= 0 ? this.hovered : this.pinned;
  }

  private tellOf(hiker: number): void {
    const at = pointAt(this.scene.begins, hiker, Math.floor(this.player.frame));
    const together = this.player.playing ? 1 : this.map.standingWith(hiker).length;
    const atEnd = at === this.scene.begins[hiker + 1] - 1;
    const now = at < 0 ? null : atEnd ? this.scene.hikers[hiker].value : this.scene.losses[at];
    this.panel.choose({ hiker, together, pinned: hiker === this.pinned, now });
  }

  private pin(hiker: number): void {
    this.pinned = hiker;
    this.hovered = -1;
    this.chosenChanged();
  }

  private hover(hiker: number): void {
    if (hiker === this.hovered) return;
    // Among those who stand together, the one that was chosen stays.
    if (hiker >= 0 && this.pinned >= 0 && this.map.standingWith(this.pinned).includes(hiker)) hiker = -1;
    this.hovered = hiker;
    this.stage.classList.toggle("pointing", hiker >= 0);
    this.chosenChanged();
  }

  private clicked(near: number[]): void {
    const place = near.indexOf(this.pinned);
    // Once more on a crowd: the next of them.
    this.pin(near.length ? near[(place + 1) % near.length] : -1);
  }

  private chosenChanged(): void {
    const chosen = this.chosen();
    if (chosen < 0) this.panel.choose(null);
    this.table?.show(this.pinned);
    this.drawChart();
    this.update();
  }

  private under(event: MouseEvent): number[] {
    if (this.relief || !this.layout) return [];
    const [x, y] = this.scaled(this.stage, event);
    const touch = (event as PointerEvent).pointerType === "touch";
    return this.map.hikersAt(x, y, this.player.frame, touch ? 26 : 13);
  }

  /** Where an event happened, in the pixels of the layout: print and zoom may have scaled the element. */
  private scaled(element: HTMLElement, event: MouseEvent): [number, number] {
    const rect = element.getBoundingClientRect();
    const scale = (element === this.stage ? this.layout!.width : this.width) / rect.width;
    return [(event.clientX - rect.left) * scale, (event.clientY - rect.top) * scale];
  }

  private screenChanged(): void {
    // On phones the height changes whenever the address bar comes and goes.
    const tall = Math.abs(window.innerHeight - this.screen.height) > 160;
    if (tall || window.devicePixelRatio !== this.screen.density) this.fit(this.width, true);
  }

  private fit(width: number, anyway = false): void {
    if (!width || (width === this.width && !anyway)) return;
    this.width = width;
    this.screen = { height: window.innerHeight, density: window.devicePixelRatio };
    const [left, bottom, right, top] = this.scene.window;
    const wide = width >= WIDE;
    const room = wide ? width - PANEL - GAP : width;
    const available = Math.max(MIN_HEIGHT, window.innerHeight - (this.chart ? AROUND + CHART : AROUND));
    const letters = Math.max(
      ...this.scene.scale.strong.map((level) => this.scene.scale.labels[level].length),
    );
    const layout = layOut(room, available, (right - left) / (top - bottom), letters);
    this.layout = layout;
    this.element.classList.toggle("wide", wide);
    this.element.classList.toggle("narrow", !layout.upright);
    this.element.style.setProperty("--stage-width", `${layout.width}px`);
    this.element.style.setProperty("--stage-height", `${layout.height}px`);
    this.stage.style.aspectRatio = `${layout.width} / ${layout.height}`;
    this.map.resize(layout, this.basins);
    this.relief?.resize(layout);
    this.drawChart();
    this.update();
  }

  private drawChart(): void {
    if (!this.layout || !this.chart) return;
    const { plot, font } = this.layout;
    const width = Math.max(80, this.width - plot.left - font);
    const size = { left: plot.left, width, height: CHART - 24, font: Math.max(12, 0.85 * font) };
    this.chart.draw(size, this.chosen());
    this.chart.show(this.player.frame);
  }

  private showBasins(shown: boolean): void {
    this.basins = shown;
    this.panel.showBasins(shown);
    this.map.drawTerrain(shown);
    this.relief?.drawGround(shown);
  }

  private async toggleMountain(): Promise<void> {
    const { layout } = this;
    if (!layout) return;
    if (this.relief) {
      this.relief.close();
      this.relief.element.remove();
      this.relief = null;
      this.showMountain(false);
      return;
    }
    const { plot } = layout;
    const relief = new Relief(this.scene, this.terrain, this.words, this.lang, plot.width / plot.height);
    this.relief = relief;
    try {
      await relief.open();
    } catch {
      // Browsers without WebGL, and those that have switched it off.
      this.relief = null;
      this.failed.textContent = this.words.noMountain;
      this.failed.hidden = false;
      return;
    }
    this.stage.append(relief.element);
    this.showMountain(true);
    relief.drawGround(this.basins);
    relief.resize(layout);
  }

  private showMountain(shown: boolean): void {
    this.map.element.classList.toggle("behind", shown);
    this.controls.showMountain(shown);
    this.hovered = -1;
    this.update();
  }

  /** Tell screen readers what is shown, once it has come to rest. */
  private announce(): void {
    clearTimeout(this.sayLater);
    this.sayLater = window.setTimeout(() => setText(this.said, this.inWords()), QUIET);
  }

  private inWords(): string {
    const { words, scene, lang } = this;
    if (!scene.hikers.length) return "";
    if (this.player.playing) return words.saidPlaying;
    const frame = Math.floor(this.player.frame);
    const { stopped, lowest } = summary(scene, frame);
    const at = scene.frames[frame];
    const last = scene.frames[scene.frames.length - 1];
    return [
      fill(words.saidAt, { frame: capital(frameName(words, scene.frameLabel)), at, last }),
      fill(words.saidGone, { gone: stopped, hikers: scene.hikers.length }),
      fill(words.saidBest, { value: formatNumber(lowest, lang) }),
    ].join(" ");
  }
}

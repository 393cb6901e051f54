// Buttons, slider and switches under the map. What they do is decided by whoever listens.
import { h, s } from "./dom";
import { SPEEDS, type Player } from "./player";
import { capital, fill, type Words } from "./words";

export interface Wishes {
  toggle(): void;
  seek(frame: number): void;
  step(frames: number): void;
  speed(speed: number): void;
  basins(shown: boolean): void;
  mountain(): void;
}

const ICONS = {
  play: "M7 4.5v15l13-7.5z",
  pause: "M6 4.5h4.5v15H6zM13.5 4.5H18v15h-4.5z",
  back: "M15.5 5v14L5.5 12zM17 5h2.5v14H17z",
  forward: "M8.5 5v14l10-7zM4.5 5H7v14H4.5z",
  toStart: "M4 5h2.5v14H4zM13 5v14l-6.5-7zM20.5 5v14L14 12z",
  toEnd: "M17.5 5H20v14h-2.5zM11 5v14l6.5-7zM3.5 5v14L10 12z",
};

export class Controls {
  readonly element: HTMLElement;
  private readonly play: HTMLButtonElement;
  private readonly slider: HTMLInputElement;
  // Screen readers hear the slider's own text: a live region here would never be quiet while playing.
  private readonly counter = h("span", { class: "counter", "aria-hidden": "true" });
  private readonly mountain: HTMLButtonElement;
  private playing: boolean | null = null;
  private frame = -1;

  constructor(
    private readonly words: Words,
    private readonly frames: Float64Array,
    private readonly frameName: string,
    hasBasins: boolean,
    wishes: Wishes,
  ) {
    const last = frames.length - 1;
    this.play = button(words.play, ICONS.play, () => wishes.toggle());
    this.play.classList.add("main");
    this.slider = h("input", { type: "range", min: 0, max: last, step: 1, "aria-label": words.position });
    this.slider.addEventListener("input", () => wishes.seek(Number(this.slider.value)));
    this.mountain = h("button", { type: "button", class: "text", title: words.mountainHint }, words.mountain);
    this.mountain.addEventListener("click", () => wishes.mountain());
    // The slider keeps its length while the number grows.
    this.counter.style.minWidth = `${this.placeOf(last).length}ch`;
    const player = h(
      "div",
      { class: "player" },
      button(words.toStart, ICONS.toStart, () => wishes.seek(0)),
      button(words.back, ICONS.back, () => wishes.step(-1)),
      this.play,
      button(words.forward, ICONS.forward, () => wishes.step(1)),
      button(words.toEnd, ICONS.toEnd, () => wishes.seek(last)),
    );
    const scrub = h("div", { class: "scrub" }, this.slider, this.counter);
    const switches = h("div", { class: "switches" });
    if (last > 0) switches.append(this.speedChoice(wishes));
    if (hasBasins) switches.append(this.basinsSwitch(wishes));
    switches.append(this.mountain);
    this.element = h("div", { class: "controls" }, ...(last > 0 ? [player, scrub] : []), switches);
  }

  show(player: Player): void {
    const frame = Math.floor(player.frame);
    if (player.playing !== this.playing) {
      this.playing = player.playing;
      const name = player.playing ? "pause" : "play";
      setIcon(this.play, this.words[name], ICONS[name]);
    }
    if (frame === this.frame) return;
    this.frame = frame;
    const place = this.placeOf(frame);
    this.slider.value = String(frame);
    this.slider.style.setProperty("--done", `${(100 * frame) / Math.max(1, player.last)}%`);
    this.slider.setAttribute("aria-valuetext", place);
    this.counter.textContent = place;
  }

  showMountain(shown: boolean): void {
    this.mountain.textContent = shown ? this.words.flat : this.words.mountain;
    this.mountain.title = shown ? this.words.flatHint : this.words.mountainHint;
    this.mountain.setAttribute("aria-pressed", String(shown));
  }

  private placeOf(frame: number): string {
    const last = this.frames[this.frames.length - 1];
    return fill(this.words.counter, { frame: capital(this.frameName), at: this.frames[frame], last });
  }

  private speedChoice(wishes: Wishes): HTMLElement {
    const choice = h("select", { "aria-label": this.words.speed, title: this.words.speed });
    for (const speed of SPEEDS) {
      choice.append(h("option", { value: speed, selected: speed === 1 }, `${speed} ×`));
    }
    choice.addEventListener("change", () => wishes.speed(Number(choice.value)));
    return choice;
  }

  private basinsSwitch(wishes: Wishes): HTMLElement {
    const box = h("input", { type: "checkbox" });
    box.addEventListener("change", () => wishes.basins(box.checked));
    return h("label", { class: "text", title: this.words.basinsHint }, box, this.words.basins);
  }
}

/** A button that shows a sign and says a name. */
export function button(name: string, icon: string, pressed: () => void): HTMLButtonElement {
  const element = h("button", { type: "button" });
  setIcon(element, name, icon);
  element.addEventListener("click", pressed);
  return element;
}

function setIcon(element: HTMLButtonElement, name: string, icon: string): void {
  element.setAttribute("aria-label", name);
  element.title = name;
  element.replaceChildren(s("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, s("path", { d: icon })));
}

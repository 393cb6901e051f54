// What stands beside the map: the chosen hiker, the places of arrival, the legend, the keys.
import { h, s } from "./dom";
import { drawDot } from "./dots";
import { formatNumber, formatPoint } from "./numbers";
import { spanOf, type Scene } from "./scene";
import { BASINS, INK, NOWHERE, OUTCOMES, letter, markOf, outcomeOf, type Outcome } from "./style";
import { capital, fill, kindName, type Word, type Words } from "./words";

/** What is known of a chosen hiker at this moment. */
export interface Chosen {
  hiker: number;
  /** Everybody who stands with it, itself included. */
  together: number;
  pinned: boolean;
  now: number | null;
}

export class Panel {
  readonly element: HTMLElement;
  private readonly card = h("section", { class: "card", "aria-live": "polite" });
  private readonly now = h("dd");
  private readonly swatches: HTMLElement[] = [];
  private shown = "";

  constructor(
    private readonly scene: Scene,
    private readonly words: Words,
    private readonly lang: string,
    hasHoles: boolean,
    private readonly letGo: () => void,
  ) {
    this.element = h("aside", { class: "panel" });
    const [left, right] = [h("div"), h("div")];
    if (scene.hikers.length) left.append(this.card);
    const legend = this.legend(hasHoles);
    if (legend) left.append(legend);
    if (scene.minima.length) right.append(this.places());
    if (scene.hikers.length) right.append(keys(words));
    this.element.append(...[left, right].filter((column) => column.childNodes.length));
    this.choose(null);
  }

  /** Show one hiker's story, or what to do to read one. */
  choose(chosen: Chosen | null): void {
    const key = chosen ? `${chosen.hiker} ${chosen.together} ${chosen.pinned}` : "";
    if (chosen) setText(this.now, formatNumber(chosen.now, this.lang));
    if (key === this.shown && this.card.childNodes.length) return;
    this.shown = key;
    if (chosen) this.card.replaceChildren(...this.story(chosen));
    else this.card.replaceChildren(h("p", { class: "quiet" }, this.words.choose));
  }

  showBasins(shown: boolean): void {
    for (const swatch of this.swatches) swatch.hidden = !shown;
  }

  private story({ hiker, together, pinned }: Chosen): Node[] {
    const { words, lang, scene } = this;
    const { start, end, value, outcome, kind } = scene.hikers[hiker];
    const span = spanOf(scene);
    const heading = h(
      "h3",
      {},
      dotIcon(outcomeOf(kind)),
      fill(words.hiker, { number: formatNumber(hiker + 1, lang) }),
    );
    if (pinned) {
      const close = h("button", { type: "button", class: "close", title: words.unpin }, "×");
      close.setAttribute("aria-label", words.unpin);
      close.addEventListener("click", this.letGo);
      heading.append(close);
    }
    const facts = h(
      "dl",
      {},
      ...pair(words.from, formatPoint(start, span, lang)),
      ...pair(words.to, formatPoint(end, span, lang)),
      ...pair(fill(words.value, { height: scene.heightLabel }), formatNumber(value, lang)),
      h("dt", {}, words.now),
      this.now,
    );
    const parts: Node[] = [heading, facts, h("p", { class: "outcome" }, capital(outcome))];
    if (together > 1) parts.push(h("p", { class: "quiet" }, fill(words.together, { count: together })));
    return parts;
  }

  private places(): HTMLElement {
    const { words, lang, scene } = this;
    const list = h("ul", { class: "places" });
    const span = spanOf(scene);
    scene.minima.forEach((minimum, i) => {
      const swatch = h("span", { class: "swatch", hidden: true });
      swatch.style.background = BASINS[i % BASINS.length];
      if (scene.basins) this.swatches.push(swatch);
      const count =
        minimum.hikers === 1
          ? words.oneHiker
          : fill(words.hikers, { count: formatNumber(minimum.hikers, lang) });
      list.append(
        h(
          "li",
          {},
          h(
            "span",
            { class: "which" },
            swatch,
            markIcon(minimum.kind),
            scene.minima.length > 1 ? letter(i) : "",
          ),
          h(
            "span",
            {},
            h("b", {}, formatNumber(minimum.value, lang)),
            ` ${formatPoint(minimum.point, span, lang)}`,
            h("br"),
            h("span", { class: "quiet" }, count),
          ),
        ),
      );
    });
    return h("section", {}, h("h3", {}, words.places), list);
  }

  private legend(hasHoles: boolean): HTMLElement | null {
    const { words, scene, lang } = this;
    const list = h("ul", { class: "legend" });
    const add = (icon: Node, text: string, count?: number) =>
      list.append(
        h(
          "li",
          {},
          icon,
          h("span", {}, text),
          count === undefined ? null : h("b", {}, formatNumber(count, lang)),
        ),
      );
    if (scene.hikers.length) {
      add(startIcon(), words.start);
      add(dotIcon("moving"), words.onTheWay);
    }
    for (const kind of OUTCOMES) {
      const count = scene.hikers.filter((hiker) => outcomeOf(hiker.kind) === kind).length;
      if (count) add(dotIcon(kind), kindName(words, kind, scene.kindWords), count);
    }
    const marks: [string, Word][] = [
      ["lowest", "lowestMinimum"],
      ["local", "localMinimum"],
      ["saddle", "saddlePoint"],
    ];
    for (const [kind, word] of marks) {
      if (scene.minima.some((minimum) => minimum.kind === kind)) add(markIcon(kind), words[word]);
    }
    if (hasHoles) add(h("span", { class: "hatch" }), words.hole);
    if (scene.basins?.includes(-1)) {
      const swatch = h("span", { class: "swatch" });
      swatch.style.background = NOWHERE;
      const item = h("li", { hidden: true }, swatch, h("span", {}, words.nowhere));
      this.swatches.push(item);
      list.append(item);
    }
    return list.childNodes.length ? h("section", {}, h("h3", {}, words.legend), list) : null;
  }
}

export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function pair(name: string, text: string): Node[] {
  return [h("dt", {}, name), h("dd", {}, text)];
}

function keys(words: Words): HTMLElement {
  const list = h("dl", { class: "keys" });
  const rows: [string, string][] = [
    [words.keySpace, words.keyPlay],
    ["← →", words.keyStep],
    ["Home End", words.keyEnds],
    ["↑ ↓", words.keyChoose],
    ["Esc", words.keyLetGo],
    ["M", words.keyMountain],
  ];
  for (const [key, meaning] of rows) list.append(h("dt", {}, h("kbd", {}, key)), h("dd", {}, meaning));
  return h("details", {}, h("summary", {}, words.keys), list);
}

/** A dot as it looks on the map. */
export function dotIcon(kind: Outcome | "moving"): HTMLCanvasElement {
  const canvas = h("canvas", { class: "icon", width: 66, height: 66, "aria-hidden": "true" });
  const pen = canvas.getContext("2d")!;
  pen.translate(33, 33);
  drawDot(pen, kind, kind === "moving" ? 15 : 13);
  return canvas;
}

function markIcon(kind: string): SVGElement {
  const mark = s("path", { d: markOf(kind), class: "mark", transform: "scale(8)" });
  return s("svg", { class: "icon", viewBox: "-11 -11 22 22", "aria-hidden": "true" }, mark);
}

function startIcon(): SVGElement {
  const ring = (color: string, width: number) =>
    s("circle", { r: 5, stroke: color, "stroke-width": width, fill: "none" });
  return s(
    "svg",
    { class: "icon", viewBox: "-11 -11 22 22", "aria-hidden": "true" },
    ring(INK, 4.4),
    ring("#fff", 2),
  );
}

// All hikers as a table: for those who do not see the map, and for those who want the numbers.
import { h } from "./dom";
import { formatNumber, formatPoint } from "./numbers";
import { dotIcon } from "./panel";
import { spanOf, type Scene } from "./scene";
import { outcomeOf } from "./style";
import { capital, fill, type Words } from "./words";

export class Table {
  readonly element: HTMLDetailsElement;
  private readonly rows: HTMLTableRowElement[] = [];
  private chosen = -1;

  constructor(
    private readonly scene: Scene,
    private readonly words: Words,
    private readonly lang: string,
    private readonly frameName: string,
    private readonly choose: (hiker: number) => void,
  ) {
    const table = h("table");
    this.element = h("details", { class: "table" }, h("summary", {}, words.table), h("div", {}, table));
    // A thousand rows take a while: they are made when someone asks for them.
    this.element.addEventListener("toggle", () => this.rows.length || this.fill(table));
  }

  show(chosen: number): void {
    this.rows[this.chosen]?.removeAttribute("aria-current");
    this.rows[chosen]?.setAttribute("aria-current", "true");
    this.chosen = chosen;
  }

  private fill(table: HTMLTableElement): void {
    const { words, scene } = this;
    const names = [
      words.number,
      words.from,
      words.to,
      scene.heightLabel,
      capital(this.frameName),
      words.outcome,
    ];
    const head = h("tr", {}, ...names.map((name) => h("th", { scope: "col" }, name)));
    scene.hikers.forEach((_, hiker) => this.rows.push(this.row(hiker)));
    table.append(h("thead", {}, head), h("tbody", {}, ...this.rows));
    this.show(this.chosen);
  }

  private row(hiker: number): HTMLTableRowElement {
    const { lang } = this;
    const span = spanOf(this.scene);
    const { start, end, value, last, outcome, kind } = this.scene.hikers[hiker];
    const number = formatNumber(hiker + 1, lang);
    const name = fill(this.words.hiker, { number });
    const choose = h("button", { type: "button", class: "link", "aria-label": name }, number);
    choose.addEventListener("click", () => this.choose(hiker));
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, choose),
      h("td", {}, formatPoint(start, span, lang)),
      h("td", {}, formatPoint(end, span, lang)),
      h("td", {}, formatNumber(value, lang)),
      h("td", {}, formatNumber(last, lang, 9)),
      h("td", { class: "outcome" }, dotIcon(outcomeOf(kind)), capital(outcome)),
    );
  }
}

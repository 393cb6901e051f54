// Loss against frames for all hikers, drawn once for each size; while playing only a cursor moves.
import { ticks } from "d3-array";

import { s, sizeCanvas } from "./dom";
import { formatNumber } from "./numbers";
import type { Scene } from "./scene";
import { DOT } from "./style";

export interface ChartSize {
  left: number;
  width: number;
  height: number;
  font: number;
}

/** The stretch of losses that is shown, and whether its axis is logarithmic. */
export interface LossRange {
  low: number;
  high: number;
  logarithmic: boolean;
}

/**
 * All losses, but for those that leave upward: beyond the highest start and the landscape itself a diverging hiker
 * would press everybody else into one line.
 */
export function lossRange(scene: Scene): LossRange {
  let [low, high, highest] = [Infinity, -Infinity, scene.scale.levels[scene.scale.levels.length - 1]];
  for (let hiker = 0; hiker < scene.hikers.length; hiker++) {
    const first = scene.losses[scene.begins[hiker]];
    if (scene.begins[hiker + 1] > scene.begins[hiker] && first > highest) highest = first;
  }
  for (const loss of scene.losses) {
    if (loss < low) low = loss;
    if (loss <= highest && loss > high) high = loss;
  }
  if (!(low < Infinity)) return { low: 0, high: 1, logarithmic: false };
  if (high < low) high = low;
  // Exact zeros end a logarithmic axis at its lower rim.
  const positive = scene.losses.reduce((least, loss) => (loss > 0 && loss < least ? loss : least), Infinity);
  if (low >= 0 && positive < Infinity && high >= 100 * positive) {
    return { low: Math.max(positive, high * 1e-12), high, logarithmic: true };
  }
  const room = 0.04 * (high - low) || 0.5 * Math.abs(high) || 0.5;
  return { low: low - room, high: high + room, logarithmic: false };
}

/** Where a loss stands on the axis, from 0 below to 1 above; may lie beyond. */
export function lossShare(range: LossRange, loss: number): number {
  if (!range.logarithmic) return (loss - range.low) / (range.high - range.low);
  return Math.log(Math.max(loss, range.low) / range.low) / Math.log(range.high / range.low);
}

/** Decades where they are few enough, else every second, third …; on an even axis round numbers. */
export function lossTicks(range: LossRange, count: number): number[] {
  if (!range.logarithmic) return ticks(range.low, range.high, count);
  const first = Math.ceil(Math.log10(range.low) - 1e-9);
  const last = Math.floor(Math.log10(range.high) + 1e-9);
  const every = Math.max(1, Math.ceil((last - first + 1) / count));
  const powers: number[] = [];
  for (let power = Math.ceil(first / every) * every; power <= last; power += every) powers.push(10 ** power);
  return powers;
}

export class Chart {
  private readonly range: LossRange;
  private readonly first: number;
  private readonly span: number;
  private size: ChartSize = { left: 0, width: 1, height: 1, font: 12 };
  private margin = { top: 6, bottom: 30 };

  constructor(
    private readonly scene: Scene,
    private readonly canvas: HTMLCanvasElement,
    private readonly svg: SVGSVGElement,
    /** A bar of its own, so that moving it paints nothing else anew. */
    private readonly cursor: HTMLElement,
    private readonly names: { frame: string; lang: string },
  ) {
    this.range = lossRange(scene);
    this.first = scene.frames[0];
    this.span = scene.frames[scene.frames.length - 1] - this.first || 1;
  }

  /** Draw all curves and the axes anew. */
  draw(size: ChartSize, chosen: number): void {
    this.size = size;
    this.margin = { top: 0.5 * size.font, bottom: 2.5 * size.font };
    this.drawCurves(chosen);
    this.drawAxes();
  }

  /** Move the cursor to a frame, which may lie between two. */
  show(frame: number): void {
    // In shares of the bar's own width, which is that of the chart: print may have scaled it.
    const share = this.x(this.numberAt(frame)) / (this.size.left + this.size.width + this.size.font);
    this.cursor.style.transform = `translateX(${(100 * share).toFixed(3)}%)`;
  }

  /** The frame nearest to a place on the chart. */
  frameAt(x: number): number {
    const number = this.first + ((x - this.size.left) / this.size.width) * this.span;
    let best = 0;
    this.scene.frames.forEach((at, frame) => {
      if (Math.abs(at - number) < Math.abs(this.scene.frames[best] - number)) best = frame;
    });
    return best;
  }

  private numberAt(frame: number): number {
    const whole = Math.floor(frame);
    const next = Math.min(whole + 1, this.scene.frames.length - 1);
    return this.scene.frames[whole] + (frame - whole) * (this.scene.frames[next] - this.scene.frames[whole]);
  }

  private x(number: number): number {
    return this.size.left + ((number - this.first) / this.span) * this.size.width;
  }

  private y(loss: number): number {
    const inner = this.size.height - this.margin.top - this.margin.bottom;
    return this.margin.top + inner * (1 - lossShare(this.range, loss));
  }

  private drawCurves(chosen: number): void {
    const { left, width, height, font } = this.size;
    const pen = sizeCanvas(this.canvas, left + width + font, height);
    pen.clearRect(0, 0, left + width + font, height);
    pen.beginPath();
    pen.rect(left, this.margin.top - 1, width + 1, height - this.margin.top - this.margin.bottom + 2);
    pen.clip();
    pen.lineJoin = "round";
    const { color } = getComputedStyle(this.canvas);
    const { hikers } = this.scene;
    pen.strokeStyle = color;
    pen.globalAlpha = Math.max(0.3, Math.min(0.85, 9 / hikers.length));
    pen.lineWidth = 1.2;
    // One by one: where curves lie on each other they grow darker.
    for (let hiker = 0; hiker < hikers.length; hiker++) {
      if (hiker === chosen) continue;
      pen.beginPath();
      this.trace(pen, hiker);
      pen.stroke();
    }
    if (chosen < 0) return;
    pen.globalAlpha = 1;
    pen.beginPath();
    this.trace(pen, chosen);
    pen.strokeStyle = DOT;
    pen.lineWidth = 2.6;
    pen.stroke();
  }

  private trace(pen: CanvasRenderingContext2D, hiker: number): void {
    const { begins, frames, losses } = this.scene;
    let [lastX, lastY] = [NaN, NaN];
    for (let i = begins[hiker]; i < begins[hiker + 1]; i++) {
      const x = this.x(frames[i - begins[hiker]]);
      const y = Math.max(-1e4, this.y(losses[i]));
      const final = i === begins[hiker + 1] - 1;
      if (!final && Math.abs(x - lastX) < 0.4 && Math.abs(y - lastY) < 0.4) continue;
      [lastX, lastY] = [x, y];
      pen.lineTo(x, y);
    }
  }

  private drawAxes(): void {
    const { left, width, height, font } = this.size;
    const { lang, frame } = this.names;
    const base = height - this.margin.bottom;
    this.svg.setAttribute("viewBox", `0 0 ${left + width + font} ${height}`);
    this.svg.setAttribute("width", String(left + width + font));
    this.svg.setAttribute("height", String(height));
    this.svg.style.fontSize = `${font}px`;
    const group = s("g", { class: "axes" });
    for (const value of lossTicks(this.range, Math.max(2, (base - this.margin.top) / (2.2 * font)))) {
      const y = this.y(value);
      group.append(s("line", { x1: left, x2: left + width, y1: y, y2: y, class: "grid" }));
      const text = { x: left - 0.6 * font, y: y + 0.35 * font, "text-anchor": "end" };
      group.append(s("text", text, formatNumber(value, lang, 3)));
    }
    const end = this.first + this.span;
    const last = left + width - (0.62 * frame.length + 1.5) * font;
    for (const value of ticks(this.first, end, Math.max(2, width / (6 * font)))) {
      if (value % 1) continue;
      const x = this.x(value);
      group.append(s("line", { x1: x, x2: x, y1: base, y2: base + 4 }));
      // The last stretch belongs to the axis' name.
      if (x > last) continue;
      const text = { x, y: base + 1.35 * font, "text-anchor": "middle" };
      group.append(s("text", text, formatNumber(value, lang, 7)));
    }
    group.append(
      s("line", { x1: left, x2: left + width, y1: base, y2: base }),
      s("line", { x1: left, x2: left, y1: this.margin.top, y2: base }),
      s("text", { x: left + width, y: base + 1.35 * font, "text-anchor": "end", class: "name" }, frame),
    );
    this.cursor.style.top = `${(100 * this.margin.top) / height}%`;
    this.cursor.style.bottom = `${(100 * this.margin.bottom) / height}%`;
    this.svg.replaceChildren(group);
  }
}

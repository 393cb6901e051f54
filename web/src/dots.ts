// The uppermost layer, drawn anew for each frame: hikers, the segment they walk on, and the chosen one's way.
import { clear } from "./dom";
import { hasStopped, pointAt, standing, type Places } from "./hikers";
import { isInside, type Box } from "./layout";
import { CASING, DOT, INK, LOOKS, TRAIL, outcomeOf, type Outcome } from "./style";

export class DotsLayer {
  private places: Places = { x: new Float32Array(), y: new Float32Array(), begins: [0] };
  private box: Box = { left: 0, top: 0, width: 0, height: 0 };
  private radius = 5;
  private line = 1;
  private where = new Float32Array();
  private sprites = new Map<string, HTMLCanvasElement>();

  constructor(
    private readonly context: CanvasRenderingContext2D,
    private readonly kinds: Outcome[],
  ) {}

  /** Start anew, for another size. */
  reset(places: Places, box: Box, radius: number, line: number): void {
    this.places = places;
    this.box = box;
    this.radius = radius;
    this.line = line;
    this.where = new Float32Array(2 * (places.begins.length - 1));
    this.sprites.clear();
  }

  /** Where the dots were drawn last, x and y by turns; those outside stand at the rim. */
  get positions(): Float32Array {
    return this.where;
  }

  /** Draw a frame, which may lie between two steps. */
  show(frame: number, chosen: number): void {
    const { context, places } = this;
    clear(context);
    standing(places, frame, this.where);
    if (chosen >= 0) this.highlight(chosen, Math.floor(frame));
    if (frame % 1) this.drawNewest(Math.floor(frame));
    for (let hiker = 0; hiker < this.kinds.length; hiker++)
      if (hiker !== chosen) this.drawDot(hiker, frame, 1);
    if (chosen >= 0) this.drawDot(chosen, frame, 1.45);
  }

  /** The parts of segments on which hikers are just walking. */
  private drawNewest(frame: number): void {
    const { x, y, begins } = this.places;
    this.inBox(() => {
      for (let hiker = 0; hiker < this.kinds.length; hiker++) {
        const i = pointAt(begins, hiker, frame);
        if (i < 0 || hasStopped(begins, hiker, frame)) continue;
        this.context.moveTo(x[i], y[i]);
        this.context.lineTo(this.where[2 * hiker], this.where[2 * hiker + 1]);
      }
      this.strokeTwice(1);
    });
  }

  /** The chosen hiker's way so far, stronger than the others'. */
  private highlight(hiker: number, frame: number): void {
    const { x, y, begins } = this.places;
    const end = pointAt(begins, hiker, frame);
    if (end < 0) return;
    this.inBox(() => {
      let [lastX, lastY] = [NaN, NaN];
      for (let i = begins[hiker]; i <= end; i++) {
        if (i < end && Math.abs(x[i] - lastX) + Math.abs(y[i] - lastY) < 0.5) continue;
        [lastX, lastY] = [x[i], y[i]];
        this.context.lineTo(lastX, lastY);
      }
      this.context.lineTo(this.where[2 * hiker], this.where[2 * hiker + 1]);
      this.strokeTwice(1.9);
    });
  }

  private inBox(trace: () => void): void {
    const { context, box } = this;
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.width, box.height);
    context.clip();
    context.beginPath();
    context.lineCap = context.lineJoin = "round";
    trace();
    context.restore();
  }

  private strokeTwice(weight: number): void {
    this.context.strokeStyle = CASING;
    this.context.lineWidth = 2.3 * weight * this.line;
    this.context.stroke();
    this.context.strokeStyle = weight > 1 ? DOT : TRAIL;
    this.context.lineWidth = weight * this.line;
    this.context.stroke();
  }

  private drawDot(hiker: number, frame: number, size: number): void {
    let x = this.where[2 * hiker];
    let y = this.where[2 * hiker + 1];
    if (Number.isNaN(x)) return;
    const { box } = this;
    if (!isInside(box, x, y)) {
      x = Math.min(Math.max(x, box.left), box.left + box.width);
      y = Math.min(Math.max(y, box.top), box.top + box.height);
      this.where[2 * hiker] = x;
      this.where[2 * hiker + 1] = y;
    }
    const stopped = hasStopped(this.places.begins, hiker, frame);
    const sprite = this.sprite(stopped ? this.kinds[hiker] : "moving", size);
    const scale = this.context.getTransform().a;
    const side = sprite.width / scale;
    this.context.drawImage(sprite, x - side / 2, y - side / 2, side, side);
  }

  private sprite(kind: Outcome | "moving", size: number): HTMLCanvasElement {
    const key = `${kind} ${size}`;
    let sprite = this.sprites.get(key);
    if (!sprite) {
      const scale = this.context.getTransform().a;
      sprite = document.createElement("canvas");
      sprite.width = sprite.height = 2 * Math.ceil(2.6 * size * this.radius * scale);
      const pen = sprite.getContext("2d")!;
      pen.translate(sprite.width / 2, sprite.height / 2);
      drawDot(pen, kind, size * this.radius * scale);
      this.sprites.set(key, sprite);
    }
    return sprite;
  }
}

/** A red dot with a white rim and a dark outer ring around the origin; who has stopped wears a wide colored ring. */
export function drawDot(pen: CanvasRenderingContext2D, kind: Outcome | "moving", radius: number): void {
  const { shape, ring } = LOOKS[kind];
  const outline = new Path2D();
  outline.addPath(new Path2D(shape), new DOMMatrix().scale(radius));
  pen.lineJoin = "round";
  const layers: [string, number][] =
    kind === "moving"
      ? [
          [INK, 0.92],
          ["#fff", 0.56],
        ]
      : [
          ["#fff", 1.9],
          [ring, 1.5],
          ["#fff", 0.62],
        ];
  for (const [color, width] of layers) {
    pen.strokeStyle = color;
    pen.lineWidth = width * radius;
    pen.stroke(outline);
  }
  pen.fillStyle = DOT;
  pen.fill(outline);
}

export function kindsOf(hikers: { kind: string }[]): Outcome[] {
  return hikers.map(({ kind }) => outcomeOf(kind));
}

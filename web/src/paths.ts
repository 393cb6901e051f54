// The layer of paths: while hikers walk on, only their newest segments are added.
import { clear } from "./dom";
import { pointAt, type Places } from "./hikers";
import type { Box } from "./layout";
import { CASING, TRAIL } from "./style";

export class PathsLayer {
  private drawn = -1;
  private places: Places = { x: new Float32Array(), y: new Float32Array(), begins: [0] };
  private width = 1;
  private casing = 2.3;

  constructor(private readonly context: CanvasRenderingContext2D) {}

  get canvas(): HTMLCanvasElement {
    return this.context.canvas;
  }

  /** Start anew, for another size, on an empty canvas; the casing is so many times as wide as the line. */
  reset(places: Places, box: Box, width: number, casing = 2.3): void {
    this.casing = casing;
    this.places = places;
    this.width = width;
    this.drawn = -1;
    this.context.beginPath();
    this.context.rect(box.left, box.top, box.width, box.height);
    this.context.clip();
    this.context.lineCap = this.context.lineJoin = "round";
  }

  /** Bring the layer to a frame: on from the last one drawn, or from the start where it lies behind. */
  show(frame: number): void {
    if (frame === this.drawn) return;
    if (frame < this.drawn) {
      clear(this.context);
      this.drawn = -1;
    }
    if (this.trace(Math.max(0, this.drawn), frame)) {
      // The light casing goes under all that is there, also under other hikers' lines.
      this.stroke("destination-over", CASING, this.casing * this.width);
      this.stroke("source-over", TRAIL, this.width);
    }
    this.drawn = frame;
  }

  /** All hikers' lines between two frames as the current path; points nearer than half a pixel are passed over. */
  private trace(from: number, to: number): boolean {
    const { x, y, begins } = this.places;
    let any = false;
    this.context.beginPath();
    for (let hiker = 0; hiker < begins.length - 1; hiker++) {
      let i = pointAt(begins, hiker, from);
      const end = pointAt(begins, hiker, to);
      if (i < 0 || end <= i) continue;
      any = true;
      let [lastX, lastY] = [x[i], y[i]];
      this.context.moveTo(lastX, lastY);
      while (++i <= end) {
        if (i < end && Math.abs(x[i] - lastX) + Math.abs(y[i] - lastY) < 0.5) continue;
        [lastX, lastY] = [x[i], y[i]];
        this.context.lineTo(lastX, lastY);
      }
    }
    return any;
  }

  private stroke(how: GlobalCompositeOperation, color: string, width: number): void {
    this.context.globalCompositeOperation = how;
    this.context.strokeStyle = color;
    this.context.lineWidth = width;
    this.context.stroke();
  }
}

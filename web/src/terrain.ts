// The terrain layer: filled levels, light and shade, contour lines, holes. Drawn once for each size.
import {
  cellProjection,
  labelPlaces,
  ringsAbove,
  softened,
  withoutHoles,
  type Label,
  type Ring,
  type Spot,
} from "./contours";
import { bandColors, elevation } from "./heights";
import { hillshade } from "./hillshade";
import type { Box, Projection } from "./layout";
import type { Scene } from "./scene";
import { BASINS, HATCH, HOLE, NOWHERE } from "./style";

export interface TerrainStyle {
  /** Width of the strong lines, in pixels of the canvas. */
  line: number;
  shade: boolean;
  basins: boolean;
}

export interface LineLabel extends Label {
  text: string;
}

/** What is computed once for a scene, whatever the size it is drawn at. */
export class Terrain {
  private readonly size: number[];
  private readonly rings: Ring[][];
  private readonly holes: Ring[];
  private readonly colors: string[];
  private readonly elevation: Float64Array;
  private shade: HTMLCanvasElement | null = null;

  constructor(private readonly scene: Scene) {
    this.size = scene.size;
    this.elevation = scene.height.map((height) => elevation(scene.scale, height));
    const filled = withoutHoles(this.elevation, this.size);
    this.colors = bandColors(scene.scale);
    this.rings = scene.scale.levels
      .slice(1, -1)
      .map((level) => ringsAbove(filled, this.size, elevation(scene.scale, level)));
    const missing = this.elevation.map((height) => (Number.isNaN(height) ? 1 : 0));
    this.holes = missing.includes(1) ? ringsAbove(softened(missing, this.size), this.size, 0.5) : [];
  }

  get hasHoles(): boolean {
    return this.holes.length > 0;
  }

  /** Places for the labels of the strong lines, in letters of a given size, away from some places. */
  labels(box: Box, font: number, avoid: Spot[]): LineLabel[] {
    const cells = cellProjection(box, this.size);
    const { strong, labels } = this.scene.scale;
    const taken: Label[] = [];
    return strong
      .filter((level) => level >= 1 && level <= this.rings.length)
      .flatMap((level) => {
        const rings = this.rings[level - 1].map((ring): Ring =>
          ring.map(([x, y]) => [cells.x(x), cells.y(y)]),
        );
        const length = (0.6 * labels[level].length + 0.6) * font;
        return labelPlaces(rings, length, box, avoid, taken).map((place) => ({
          ...place,
          text: labels[level],
        }));
      });
  }

  /** Draw into a box of a canvas. */
  draw(context: CanvasRenderingContext2D, box: Box, style: TerrainStyle): void {
    const cells = cellProjection(box, this.size);
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.width, box.height);
    context.clip();
    if (style.basins && this.scene.basins) this.drawBasins(context, cells);
    else this.fillLevels(context, box, cells);
    if (style.shade) this.drawImage(context, cells, (this.shade ??= this.shadeImage()));
    this.drawLines(context, cells, style);
    this.drawHoles(context, cells, style);
    context.restore();
  }

  private fillLevels(context: CanvasRenderingContext2D, box: Box, cells: Projection): void {
    context.fillStyle = this.colors[0];
    context.fillRect(box.left, box.top, box.width, box.height);
    this.rings.forEach((rings, i) => {
      context.beginPath();
      for (const ring of rings) trace(context, ring, cells);
      context.fillStyle = this.colors[i + 1];
      context.fill("evenodd");
    });
  }

  private drawLines(context: CanvasRenderingContext2D, cells: Projection, style: TerrainStyle): void {
    const strong = new Set(this.scene.scale.strong);
    context.lineJoin = "round";
    this.rings.forEach((rings, i) => {
      context.beginPath();
      for (const ring of rings) trace(context, ring, cells);
      context.lineWidth = strong.has(i + 1) ? style.line : 0.5 * style.line;
      context.strokeStyle = strong.has(i + 1) ? "rgb(10 14 24 / 0.62)" : "rgb(10 14 24 / 0.26)";
      context.stroke();
    });
  }

  private drawHoles(context: CanvasRenderingContext2D, cells: Projection, style: TerrainStyle): void {
    if (!this.holes.length) return;
    context.beginPath();
    for (const ring of this.holes) trace(context, ring, cells);
    context.fillStyle = HOLE;
    context.fill("evenodd");
    context.fillStyle = hatching(context, 9 * style.line);
    context.fill("evenodd");
    context.lineWidth = style.line;
    context.strokeStyle = "rgb(10 14 24 / 0.7)";
    context.stroke();
  }

  /** One hue for each minimum, darker where the ground is lower. */
  private drawBasins(context: CanvasRenderingContext2D, cells: Projection): void {
    const [width, depth] = this.size;
    const image = new ImageData(width, depth);
    const hues = BASINS.map(channels);
    const nowhere = channels(NOWHERE);
    for (let row = 0; row < depth; row++) {
      for (let column = 0; column < width; column++) {
        const i = row * width + column;
        const basin = this.scene.basins![i];
        const hue = basin < 0 ? nowhere : hues[basin % hues.length];
        const light = 0.72 + 0.28 * (Number.isNaN(this.elevation[i]) ? 0 : this.elevation[i]);
        const at = 4 * ((depth - 1 - row) * width + column);
        image.data.set([...hue.map((channel) => channel * light), 255], at);
      }
    }
    context.imageSmoothingEnabled = false;
    this.drawImage(context, cells, canvasOf(image));
    context.imageSmoothingEnabled = true;
  }

  private shadeImage(): HTMLCanvasElement {
    const [width, depth] = this.size;
    const filled = withoutHoles(this.elevation, this.size);
    const image = new ImageData(width, depth);
    image.data.set(hillshade(filled, this.size));
    return canvasOf(image);
  }

  /** An image of one pixel a cell, the middles of its outermost pixels on the rim of the box. */
  private drawImage(context: CanvasRenderingContext2D, cells: Projection, image: HTMLCanvasElement): void {
    const [width, depth] = this.size;
    context.imageSmoothingQuality = "high";
    context.drawImage(
      image,
      cells.x(0),
      cells.y(depth),
      cells.x(width) - cells.x(0),
      cells.y(0) - cells.y(depth),
    );
  }
}

function trace(context: CanvasRenderingContext2D, ring: Ring, cells: Projection): void {
  ring.forEach(([x, y], i) =>
    i ? context.lineTo(cells.x(x), cells.y(y)) : context.moveTo(cells.x(x), cells.y(y)),
  );
  context.closePath();
}

function canvasOf(image: ImageData): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d")!.putImageData(image, 0, 0);
  return canvas;
}

/** Diagonal lines on nothing. */
function hatching(context: CanvasRenderingContext2D, step: number): CanvasPattern {
  const scale = context.getTransform().a;
  const side = Math.max(4, Math.round(step * scale));
  const tile = document.createElement("canvas");
  tile.width = tile.height = side;
  const pen = tile.getContext("2d")!;
  pen.strokeStyle = HATCH;
  pen.lineWidth = Math.max(1, side / 7);
  pen.beginPath();
  for (const shift of [-side, 0, side]) {
    pen.moveTo(shift, side);
    pen.lineTo(shift + side, 0);
  }
  pen.stroke();
  const pattern = context.createPattern(tile, "repeat")!;
  pattern.setTransform(new DOMMatrix().scale(1 / scale));
  return pattern;
}

function channels(hex: string): number[] {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

// Contour lines of a grid and the places of their labels, as numbers. Nothing is drawn here.
import { contours } from "d3-contour";

import type { Box, Projection } from "./layout";

export type Ring = [number, number][];

/** Rings around the cells at or above a level, as flat polygons with holes, in units of cells. */
export function ringsAbove(grid: ArrayLike<number>, size: number[], level: number): Ring[] {
  const [width, depth] = size;
  const shape = contours()
    .size([width, depth])
    .contour(grid as number[], level);
  return shape.coordinates.flat() as Ring[];
}

/** From cells (whose middles lie at a half) to pixels. */
export function cellProjection(box: Box, size: number[]): Projection {
  const [width, depth] = size;
  return {
    x: (cell) => box.left + ((cell - 0.5) / (width - 1)) * box.width,
    y: (cell) => box.top + (1 - (cell - 0.5) / (depth - 1)) * box.height,
  };
}

/** Cells without a value take that of the nearest cell that has one, so that lines run on under a hole's rim. */
export function withoutHoles(grid: Float64Array, size: number[]): Float64Array {
  const [width, depth] = size;
  const filled = grid.slice();
  let front: number[] = [];
  for (let i = 0; i < filled.length; i++) if (!Number.isNaN(filled[i])) front.push(i);
  if (front.length === filled.length || !front.length) return filled;
  while (front.length) {
    const next: number[] = [];
    for (const i of front) {
      const column = i % width;
      const row = (i - column) / width;
      if (column > 0) spread(i, i - 1, next);
      if (column < width - 1) spread(i, i + 1, next);
      if (row > 0) spread(i, i - width, next);
      if (row < depth - 1) spread(i, i + width, next);
    }
    front = next;
  }
  return filled;

  function spread(from: number, to: number, next: number[]): void {
    if (!Number.isNaN(filled[to])) return;
    filled[to] = filled[from];
    next.push(to);
  }
}

/** Ones and zeros with softer edges, so that a line at a half runs smoothly; every one stays above a half. */
export function softened(marks: Float64Array, size: number[]): Float64Array {
  const [width, depth] = size;
  return marks.map((mark, i) => {
    const column = i % width;
    const row = (i - column) / width;
    let sum = 0;
    let count = 0;
    for (let y = Math.max(0, row - 1); y <= Math.min(depth - 1, row + 1); y++) {
      for (let x = Math.max(0, column - 1); x <= Math.min(width - 1, column + 1); x++) {
        sum += marks[y * width + x];
        count++;
      }
    }
    return mark ? Math.max(0.55, sum / count) : Math.min(0.45, sum / count);
  });
}

export interface Spot {
  x: number;
  y: number;
}

export interface Label extends Spot {
  /** In radians; never upside down. */
  angle: number;
}

interface Stretch extends Label {
  bend: number;
}

/**
 * Places for a label of a given length along lines in pixels: straight, inside the box, away from other labels in
 * `taken` and clear of the spots to avoid. Short rings get none, long ones one for about every 600 pixels. What is chosen is added to `taken`.
 */
export function labelPlaces(rings: Ring[], length: number, box: Box, avoid: Spot[], taken: Label[]): Label[] {
  const chosen: Label[] = [];
  for (const ring of rings) {
    const { stretches, total } = straightStretches(ring, length, box);
    if (total < 3.2 * length) continue;
    stretches.sort((a, b) => a.bend - b.bend);
    let wanted = Math.min(3, 1 + Math.floor(total / 600));
    for (const place of stretches) {
      if (!wanted) break;
      if (place.bend > 0.35) break;
      if (avoid.some((spot) => Math.hypot(spot.x - place.x, spot.y - place.y) < 0.75 * length)) continue;
      if (taken.some((other) => Math.hypot(other.x - place.x, other.y - place.y) < 1.6 * length)) continue;
      if (chosen.some((other) => Math.hypot(other.x - place.x, other.y - place.y) < 5 * length)) continue;
      taken.push(place);
      chosen.push(place);
      wanted--;
    }
  }
  return chosen;
}

/** Stretches as long as a label all along a ring, with how far each bends away from a straight line. */
function straightStretches(ring: Ring, length: number, box: Box): { stretches: Stretch[]; total: number } {
  const along = [0];
  for (let i = 1; i < ring.length; i++) {
    along.push(along[i - 1] + Math.hypot(ring[i][0] - ring[i - 1][0], ring[i][1] - ring[i - 1][1]));
  }
  const total = along[along.length - 1];
  const stretches: Stretch[] = [];
  const margin = 0.55 * length;
  let first = 0;
  let last = 0;
  for (let at = length / 2; at < total - length / 2; at += length / 3) {
    while (first < ring.length - 1 && along[first + 1] <= at - length / 2) first++;
    while (last < ring.length - 1 && along[last] < at + length / 2) last++;
    const [ax, ay] = ring[first];
    const [bx, by] = ring[last];
    const x = (ax + bx) / 2;
    const y = (ay + by) / 2;
    const near =
      x < box.left + margin ||
      x > box.left + box.width - margin ||
      y < box.top + margin ||
      y > box.top + box.height - margin;
    if (near) continue;
    const chord = Math.hypot(bx - ax, by - ay);
    let bend = 0;
    for (let i = first; i <= last; i++) {
      const off = ((bx - ax) * (ay - ring[i][1]) - (ax - ring[i][0]) * (by - ay)) / (chord || 1);
      bend = Math.max(bend, Math.abs(off) / length);
    }
    if (chord < 0.7 * length) continue;
    let angle = Math.atan2(by - ay, bx - ax);
    if (angle > Math.PI / 2) angle -= Math.PI;
    if (angle <= -Math.PI / 2) angle += Math.PI;
    // Level labels are read more easily than steep ones.
    stretches.push({ x, y, angle, bend: bend + 0.06 * Math.abs(angle) });
  }
  return { stretches, total };
}

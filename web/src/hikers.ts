// Where hikers are at a frame, and who is near a point. Nothing is drawn here.
import type { Projection } from "./layout";
import type { Scene } from "./scene";

/** Places of all paths in pixels, for one size of the map. */
export interface Places {
  x: Float32Array;
  y: Float32Array;
  begins: number[];
}

export function placesOf(scene: Scene, projection: Projection): Places {
  return {
    x: Float32Array.from(scene.pathX, projection.x),
    y: Float32Array.from(scene.pathY, projection.y),
    begins: scene.begins,
  };
}

/** Index of a hiker's point at a whole frame; its last after it stopped; -1 for a hiker without points. */
export function pointAt(begins: number[], hiker: number, frame: number): number {
  const last = begins[hiker + 1] - 1;
  return last < begins[hiker] ? -1 : Math.min(begins[hiker] + Math.max(frame, 0), last);
}

export function hasStopped(begins: number[], hiker: number, frame: number): boolean {
  return frame >= begins[hiker + 1] - begins[hiker] - 1;
}

/** Where hikers stand at a frame, which may lie between two steps; x and y by turns, NaN for those without points. */
export function standing(places: Places, frame: number, into?: Float32Array): Float32Array {
  const hikers = places.begins.length - 1;
  const where = into ?? new Float32Array(2 * hikers);
  const whole = Math.floor(frame);
  const part = frame - whole;
  for (let hiker = 0; hiker < hikers; hiker++) {
    const a = pointAt(places.begins, hiker, whole);
    const b = pointAt(places.begins, hiker, whole + 1);
    where[2 * hiker] = a < 0 ? NaN : places.x[a] + part * (places.x[b] - places.x[a]);
    where[2 * hiker + 1] = a < 0 ? NaN : places.y[a] + part * (places.y[b] - places.y[a]);
  }
  return where;
}

/** Hikers whose dot lies within a distance of a point, nearest first; those that lie together in their own order. */
export function hikersNear(where: Float32Array, x: number, y: number, reach: number): number[] {
  const near: { hiker: number; distance: number }[] = [];
  for (let hiker = 0; 2 * hiker < where.length; hiker++) {
    const distance = Math.hypot(where[2 * hiker] - x, where[2 * hiker + 1] - y);
    if (distance <= reach) near.push({ hiker, distance: Math.round(distance) });
  }
  near.sort((a, b) => a.distance - b.distance || a.hiker - b.hiker);
  if (!near.length) return [];
  // Whoever stands with the nearest one belongs to the answer, the others are beside it.
  return near.filter(({ distance }) => distance <= near[0].distance + 3).map(({ hiker }) => hiker);
}

/** The hiker whose path, as far as it has gone, passes nearest to a point; -1 when none is within reach. */
export function pathNear(places: Places, frame: number, x: number, y: number, reach: number): number {
  let best = reach * reach;
  let found = -1;
  for (let hiker = 0; hiker < places.begins.length - 1; hiker++) {
    const end = pointAt(places.begins, hiker, frame);
    for (let i = places.begins[hiker]; i < end; i++) {
      const distance = squaredDistance(places, i, x, y);
      if (distance < best) {
        best = distance;
        found = hiker;
      }
    }
  }
  return found;
}

/** From a point to the line between two neighboring points of a path. */
function squaredDistance({ x: px, y: py }: Places, i: number, x: number, y: number): number {
  const dx = px[i + 1] - px[i];
  const dy = py[i + 1] - py[i];
  const length = dx * dx + dy * dy;
  const along = length ? Math.min(1, Math.max(0, ((x - px[i]) * dx + (y - py[i]) * dy) / length)) : 0;
  return (px[i] + along * dx - x) ** 2 + (py[i] + along * dy - y) ** 2;
}

/** How a frame reads: hikers that have stopped, and the lowest loss of all. */
export function summary(scene: Scene, frame: number): { stopped: number; lowest: number | null } {
  let stopped = 0;
  let lowest: number | null = null;
  for (let hiker = 0; hiker < scene.hikers.length; hiker++) {
    if (hasStopped(scene.begins, hiker, frame)) stopped++;
    const at = pointAt(scene.begins, hiker, frame);
    const loss = at < 0 ? NaN : scene.losses[at];
    if (!Number.isNaN(loss) && (lowest === null || loss < lowest)) lowest = loss;
  }
  return { stopped, lowest };
}

import { expect, test } from "vitest";

import {
  cellProjection,
  labelPlaces,
  ringsAbove,
  softened,
  withoutHoles,
  type Label,
  type Ring,
} from "../src/contours";
import { isInside, layOut, project } from "../src/layout";
import { heightAt, surface, walls, type Ground } from "../src/mountain/ground";
import { HOME, eye, orbited } from "../src/mountain/orbit";

const box = { left: 10, top: 20, width: 100, height: 50 };

test("the plane's corners lie in the box's corners, y upward", () => {
  const at = project(box, [-2, -1, 2, 3]);
  expect([at.x(-2), at.y(-1), at.x(2), at.y(3)]).toEqual([10, 70, 110, 20]);
  const cells = cellProjection(box, [11, 6]);
  expect([cells.x(0.5), cells.y(0.5), cells.x(10.5), cells.y(5.5)]).toEqual([10, 70, 110, 20]);
});

test.each([
  [320, 500, 1],
  [390, 560, 4],
  [519, 500, 0.2],
  [640, 660, 1],
  [1400, 900, 1],
  [1400, 300, 3],
])("at %i × %i and ratio %d nothing is cut off", (width, available, ratio) => {
  const layout = layOut(width, available, ratio, 6);
  expect(layout.width).toBeLessThanOrEqual(width + 1e-9);
  for (const part of [layout.plot, layout.bar]) {
    expect(part.width).toBeGreaterThan(0);
    expect(part.height).toBeGreaterThan(0);
    expect(part.left + part.width).toBeLessThanOrEqual(layout.width);
    expect(part.top + part.height).toBeLessThanOrEqual(layout.height);
  }
  expect(layout.upright).toBe(width >= 520);
  if (layout.upright) expect(layout.bar.left).toBeGreaterThan(layout.plot.left + layout.plot.width);
  else expect(layout.bar.top).toBeGreaterThan(layout.plot.top + layout.plot.height);
  expect(layout.font).toBeGreaterThanOrEqual(12);
});

test("a square plane is drawn square", () => {
  const { plot } = layOut(800, 700, 1);
  expect(plot.width).toBeCloseTo(plot.height);
});

test("points are inside with a margin", () => {
  expect(isInside(box, 10, 20)).toBe(true);
  expect(isInside(box, 8, 20)).toBe(false);
  expect(isInside(box, 8, 20, 3)).toBe(true);
});

test("a contour of a cone is a circle of its radius", () => {
  const side = 41;
  const grid = Float64Array.from(
    { length: side * side },
    (_, i) => -Math.hypot((i % side) - 20, Math.floor(i / side) - 20),
  );
  const [ring] = ringsAbove(grid, [side, side], -9.4);
  for (const [x, y] of ring) expect(Math.hypot(x - 20.5, y - 20.5)).toBeCloseTo(9.4, 1);
});

test("holes take the nearest value, and a grid of holes stays one", () => {
  const nan = NaN;
  expect([...withoutHoles(Float64Array.from([1, nan, nan, 2]), [4, 1])]).toEqual([1, 1, 2, 2]);
  expect([...withoutHoles(Float64Array.from([1, nan, nan, nan]), [2, 2])]).toEqual([1, 1, 1, 1]);
  expect([...withoutHoles(Float64Array.from([nan, nan]), [2, 1])]).toEqual([nan, nan]);
});

test("softened marks stay on their side of a half, so that one cell is still a hole", () => {
  const marks = Float64Array.from({ length: 25 }, (_, i) => (i === 12 ? 1 : 0));
  const soft = softened(marks, [5, 5]);
  marks.forEach((mark, i) => expect(soft[i] > 0.5).toBe(mark === 1));
  expect(ringsAbove(soft, [5, 5], 0.5)).toHaveLength(1);
});

test("labels stand on straight stretches, upright, apart, inside and clear of what is there", () => {
  const frame = { left: 0, top: 0, width: 400, height: 400 };
  const circle = (radius: number): Ring =>
    Array.from({ length: 201 }, (_, i): [number, number] => {
      const angle = (2 * Math.PI * i) / 200;
      return [200 + radius * Math.cos(angle), 200 + radius * Math.sin(angle)];
    });
  const taken: Label[] = [];
  const avoid = [{ x: 200, y: 80 }];
  const labels = [120, 150].flatMap((radius) => labelPlaces([circle(radius)], 40, frame, avoid, taken));
  expect(labels.length).toBeGreaterThanOrEqual(2);
  for (const label of labels) {
    expect(Math.abs(label.angle)).toBeLessThanOrEqual(Math.PI / 2);
    expect(isInside(frame, label.x, label.y, -20)).toBe(true);
    expect(Math.hypot(label.x - 200, label.y - 80)).toBeGreaterThan(29);
    for (const other of labels) {
      if (other !== label) expect(Math.hypot(label.x - other.x, label.y - other.y)).toBeGreaterThan(60);
    }
  }
  expect(labelPlaces([circle(12)], 40, frame, [], [])).toEqual([]);
});

const ground: Ground = {
  size: [3, 2],
  height: Float64Array.from([0, 0.5, 1, 0, 0.5, NaN]),
  half: [1, 0.5],
  rise: 2,
};

test("the mountain's top lies over its plane and leaves holes out", () => {
  const { positions, places, triangles } = surface(ground);
  expect([...positions.slice(0, 3)]).toEqual([-1, -0.5, 0]);
  expect([...positions.slice(6, 9)]).toEqual([1, -0.5, 2]);
  expect([...places.slice(-2)]).toEqual([1, 1]);
  // Two squares of two triangles, of which one touches the hole.
  expect(triangles).toHaveLength(9);
  expect([...triangles]).not.toContain(5);
});

test("walls stand under the rim where there is ground", () => {
  const { positions, triangles } = walls(ground, -0.1);
  // Six pieces of rim, two of them at the hole.
  expect(triangles).toHaveLength(4 * 6);
  expect(Math.min(...positions.filter((_, i) => i % 3 === 2))).toBeCloseTo(-0.1);
});

test("hikers stand on the ground, at its rim when they are outside, and beside a hole", () => {
  expect(heightAt(ground, 0.25, 0)).toBeCloseTo(0.5);
  expect(heightAt(ground, 0.25, 0.5)).toBeCloseTo(0.5);
  expect(heightAt(ground, 5, -5)).toBeCloseTo(2);
  expect(heightAt(ground, 0.9, 0.9)).toBeGreaterThan(0);
  expect(heightAt({ ...ground, height: new Float64Array(6).fill(NaN) }, 0.5, 0.5)).toBe(0);
});

test("the eye stays above the ground and within reach, at its distance", () => {
  const low = orbited(HOME, 0, -10, 100);
  expect(low.above).toBeGreaterThan(0);
  expect(low.distance).toBeLessThan(10);
  expect(orbited(HOME, 0, 10, 0.001).above).toBeLessThan(Math.PI / 2);
  expect(Math.hypot(...eye(HOME))).toBeCloseTo(HOME.distance);
  // From the south, y points away from the eye.
  expect(eye({ around: 0, above: 0.5, distance: 2 })[1]).toBeLessThan(0);
});

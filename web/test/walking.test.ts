import { expect, test } from "vitest";

import { lossRange, lossShare, lossTicks } from "../src/chart";
import { hasStopped, hikersNear, pathNear, pointAt, standing, summary, type Places } from "../src/hikers";
import { commandFor, nextHiker } from "../src/keys";
import { advance, atSpeed, newPlayer, pace, seek, step, toggle } from "../src/player";
import type { Scene } from "../src/scene";

// Three hikers: three points, one point, none.
const begins = [0, 3, 4, 4];
const places: Places = {
  x: Float32Array.from([0, 10, 20, 50]),
  y: Float32Array.from([0, 0, 10, 50]),
  begins,
};

function sceneWith(losses: number[], highest = 10): Scene {
  return {
    hikers: [{}, {}, {}],
    begins,
    losses: Float64Array.from(losses),
    scale: { levels: [0, highest] },
  } as unknown as Scene;
}

test("a hiker that stopped stays at its last point; one without points is nowhere", () => {
  expect([0, 1, 2, 9].map((frame) => pointAt(begins, 0, frame))).toEqual([0, 1, 2, 2]);
  expect(pointAt(begins, 1, 7)).toBe(3);
  expect(pointAt(begins, 2, 0)).toBe(-1);
  expect([0, 1, 2].map((frame) => hasStopped(begins, 0, frame))).toEqual([false, false, true]);
  expect(hasStopped(begins, 2, 0)).toBe(true);
});

test("between two frames hikers are on their way", () => {
  const where = standing(places, 1.5);
  expect([...where.slice(0, 4)]).toEqual([15, 5, 50, 50]);
  expect(where[4]).toBeNaN();
  expect([...standing(places, 99).slice(0, 2)]).toEqual([20, 10]);
});

test("who stands together is found together, nearest first", () => {
  const where = Float32Array.from([0, 0, 1, 0, 9, 0, NaN, NaN]);
  expect(hikersNear(where, 0, 0, 12)).toEqual([0, 1]);
  expect(hikersNear(where, 9, 1, 12)).toEqual([2]);
  expect(hikersNear(where, 100, 100, 12)).toEqual([]);
});

test("a path is found along its lines, as far as it has been walked", () => {
  expect(pathNear(places, 2, 15, 5.5, 3)).toBe(0);
  expect(pathNear(places, 1, 15, 5.5, 3)).toBe(-1);
});

test("a frame in numbers", () => {
  expect(summary(sceneWith([5, 4, 3, 8]), 1)).toEqual({ stopped: 2, lowest: 4 });
  expect(summary(sceneWith([5, 4, 3, 8]), 2)).toEqual({ stopped: 3, lowest: 3 });
});

test("losses get a logarithmic axis where they are positive and far apart", () => {
  const range = lossRange(sceneWith([1000, 1, 0.001, 5], 2000));
  expect(range).toEqual({ low: 0.001, high: 1000, logarithmic: true });
  expect(lossShare(range, 1)).toBeCloseTo(0.5);
  expect(lossTicks(range, 4)).toEqual([1e-2, 1, 1e2].map((v) => expect.closeTo(v)));
  expect(lossRange(sceneWith([2, 1, -1, 0])).logarithmic).toBe(false);
  expect(lossRange(sceneWith([2, 1.5, 1, 1.2])).logarithmic).toBe(false);
});

test("exact zeros and a diverging hiker do not spoil the axis of losses", () => {
  expect(lossRange(sceneWith([1000, 1, 0, 5], 2000))).toEqual({ low: 1, high: 1000, logarithmic: true });
  // The highest start and the landscape bound what is shown.
  expect(lossRange(sceneWith([5, 1e9, 1e30, 4], 10)).high).toBeCloseTo(5, 0);
  expect(lossRange(sceneWith([3, 3, 3, 3])).high).toBeGreaterThan(3);
  expect(lossRange({ ...sceneWith([]), begins: [0, 0, 0, 0] } as Scene)).toMatchObject({ low: 0, high: 1 });
});

test("the show runs in some 14 seconds, stops at its end and starts over", () => {
  let player = toggle(newPlayer(141, false));
  expect(player.playing).toBe(true);
  player = advance(player, 1);
  expect(player.frame).toBeCloseTo(10);
  player = advance(player, 60);
  expect(player).toMatchObject({ frame: 140, playing: false });
  expect(toggle(player)).toMatchObject({ frame: 0, playing: true });
});

test("few frames are not rushed, many not crawled through, and speed counts", () => {
  expect(pace(newPlayer(5, false))).toBe(2.5);
  expect(pace(newPlayer(100_000, false))).toBe(120);
  expect(pace(atSpeed(newPlayer(141, false), 4))).toBe(40);
});

test("with reduced motion it jumps twice a second", () => {
  let player = toggle(newPlayer(141, true));
  player = advance(player, 0.3);
  expect(player.frame).toBe(0);
  player = advance(player, 0.3);
  expect(player.frame).toBe(5);
  expect(Number.isInteger(advance(advance(player, 0.6), 0.6).frame)).toBe(true);
});

test("steps and jumps stand still, on whole frames, within the show", () => {
  const player = { ...newPlayer(11, false), frame: 4.3, playing: true };
  expect(step(player, 1)).toMatchObject({ frame: 5, playing: false });
  expect(step(player, -1)).toMatchObject({ frame: 4 });
  expect(step(player, 100).frame).toBe(10);
  expect(seek(player, -5).frame).toBe(0);
  expect(seek(player, Infinity).frame).toBe(10);
  expect(toggle(player)).toMatchObject({ frame: 4, playing: false });
});

test("nothing plays where there is one frame, and nothing moves while it stands", () => {
  expect(toggle(newPlayer(1, false)).playing).toBe(false);
  const player = newPlayer(9, false);
  expect(advance(player, 5)).toBe(player);
});

const press = (key: string, more = {}) => ({
  key,
  shiftKey: false,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  ...more,
});

test.each([
  [" ", { do: "toggle" }],
  ["ArrowRight", { do: "step", frames: 1 }],
  ["ArrowLeft", { do: "step", frames: -1 }],
  ["Home", { do: "seek", frame: 0 }],
  ["End", { do: "seek", frame: Infinity }],
  ["ArrowDown", { do: "choose", by: 1 }],
  ["Escape", { do: "let go" }],
  ["m", { do: "mountain" }],
  ["x", null],
])("the key %s", (key, command) => expect(commandFor(press(key), { tag: "DIV" })).toEqual(command));

test("keys that belong to others are left to them", () => {
  expect(commandFor(press(" "), { tag: "BUTTON" })).toBeNull();
  expect(commandFor(press(" "), { tag: "INPUT", type: "checkbox" })).toBeNull();
  expect(commandFor(press("ArrowDown"), { tag: "SELECT" })).toBeNull();
  expect(commandFor(press("ArrowLeft", { altKey: true }), { tag: "DIV" })).toBeNull();
  expect(commandFor(press("ArrowLeft"), { tag: "INPUT", type: "text" })).toBeNull();
  expect(commandFor(press("ArrowLeft"), { tag: "INPUT", type: "range" })).toEqual({ do: "step", frames: -1 });
  expect(commandFor(press("ArrowRight", { shiftKey: true }), { tag: "DIV" })).toEqual({
    do: "step",
    frames: 10,
  });
});

test("hikers are chosen in turn", () => {
  expect(nextHiker(-1, 1, 3)).toBe(0);
  expect(nextHiker(-1, -1, 3)).toBe(2);
  expect(nextHiker(2, 1, 3)).toBe(0);
  expect(nextHiker(0, -1, 3)).toBe(2);
  expect(nextHiker(-1, 1, 0)).toBe(-1);
});

import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";

import { elevation, mountainHeight, bandColors } from "../src/heights";
import { hillshade } from "../src/hillshade";
import { WrongVersion, restore, spanOf, unpackScene, type Packed, type Scale } from "../src/scene";
import contract from "./contract.json";

const packed = contract.packed as unknown as Packed;

/** Two lists of numbers, null for NaN, within a tolerance in each number's own size and an absolute one. */
function expectClose(
  actual: ArrayLike<number>,
  wanted: (number | null)[],
  relative: number,
  absolute = 0,
): void {
  expect(actual.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    if (value === null) expect(actual[i], `at ${i}`).toBeNaN();
    else
      expect(Math.abs(actual[i] - value), `at ${i}`).toBeLessThanOrEqual(
        relative * Math.abs(value) + absolute,
      );
  });
}

test("what Python packed comes out again", async () => {
  const scene = await unpackScene(packed);
  expectClose(scene.height, contract.height, 2 ** -19);
  expect([...scene.frames]).toEqual([0, 10, 20, 30, 40]);
  expect(scene.begins).toEqual([0, 5, 8, 8]);
  expect(scene.size).toEqual([13, 9]);
  expect(spanOf(scene)).toBe(4);
  expect([...scene.basins!].filter((basin) => basin === -1)).toHaveLength(6);
  expectClose(scene.losses, contract.losses.flat(), 2 ** -17);
  // A 65 535th of three windows.
  const fine = 12 / 65_535;
  const first = contract.paths[0] as number[];
  expectClose(
    scene.pathX.slice(0, 5),
    first.filter((_, i) => i % 2 === 0),
    0,
    fine,
  );
  expectClose(
    scene.pathY.slice(0, 5),
    first.filter((_, i) => i % 2 === 1),
    0,
    fine,
  );
});

test("a hiker far outside keeps its direction, and its true end in words", async () => {
  const scene = await unpackScene(packed);
  const [x, y] = [scene.pathX[7] - scene.pathX[6], scene.pathY[7] - scene.pathY[6]];
  expect(y / x).toBeCloseTo((-57 + 0.5) / (30 - 1.75), 2);
  expect(scene.hikers[1].end).toEqual([30, -57]);
  expect(scene.hikers[2]).toMatchObject({ start: null, end: null, value: null, frames: 0 });
});

test("another version is refused by name", async () => {
  await expect(unpackScene({ ...packed, version: 2 })).rejects.toThrow(WrongVersion);
  await expect(unpackScene({ ...packed, version: 2 })).rejects.toThrow("data of version 2, expected 1");
});

test("differences wrap around as whole numbers of their width do", () => {
  const entry = { name: "n", type: "u2" as const, count: 3, subtracted: true, offset: 0 };
  // 1, then +65535 which is -1, then +65535 again.
  expect([...restore(Uint8Array.from([1, 255, 255, 0, 255, 255]), entry)]).toEqual([1, 0, 65_535]);
  const signed = { ...entry, type: "i2" as const };
  expect([...restore(Uint8Array.from([255, 1, 255, 255, 0, 255]), signed)]).toEqual([-1, 0, -1]);
});

test("double precision passes through", async () => {
  const numbers = Float64Array.from([Math.PI, -1e300, NaN]);
  const bytes = new Uint8Array(numbers.buffer);
  const apart = Uint8Array.from(bytes, (_, at) => bytes[(at % 3) * 8 + Math.floor(at / 3)]);
  const entry = { name: "n", type: "f8" as const, count: 3, subtracted: false, offset: 0 };
  expect([...restore(apart, entry)]).toEqual([...numbers]);
  expect(deflateSync(apart).length).toBeGreaterThan(0);
});

test("elevation is that of the still pictures, on a logarithmic and on an even scale", () => {
  const heights = contract.height.map((height) => height ?? NaN);
  expect(packed.scale.logarithmic).toBe(true);
  expectClose(
    Float64Array.from(heights, (h) => elevation(packed.scale, h)),
    contract.elevation,
    1e-6,
    1e-8,
  );
  expect(contract.even.logarithmic).toBe(false);
  const even = { ...contract.even, levels: [], labels: [], labelsCountFrom: 0, strong: [] } as Scale;
  const bowl = contract.evenHeight as number[];
  expectClose(
    Float64Array.from(bowl, (h) => elevation(even, h)),
    contract.evenElevation,
    1e-6,
    1e-8,
  );
});

test("light and shade are those of the still pictures", () => {
  const filled = Float64Array.from(contract.elevation, (share) => share ?? 0);
  const shade = hillshade(filled, [13, 9]);
  // The quantile of the slopes is taken between neighbors there, at the lower one here; colors in bytes.
  const wanted = contract.shade as number[];
  for (let i = 3; i < shade.length; i += 4) expect(Math.abs(shade[i] - wanted[i])).toBeLessThan(6);
  expect([...shade].some((value) => value > 40)).toBe(true);
  expect([...hillshade(new Float64Array(6).fill(0.5), [3, 2])]).toEqual(new Array(24).fill(0));
});

test("the mountain rises with the square root, from 0 to 1, and is cut at a pole", () => {
  const scale = { ...contract.even, base: 0, low: 0, high: 4 } as unknown as Scale;
  expect(mountainHeight(scale, 0)).toBe(0);
  expect(mountainHeight(scale, 4)).toBeCloseTo(1, 12);
  expect(mountainHeight(scale, 1)).toBeCloseTo(0.5, 1);
  expect(mountainHeight(scale, 1e9)).toBeCloseTo(1, 12);
  expect(mountainHeight(scale, NaN)).toBeNaN();
});

test("low is dark blue, high is yellow, one color for each level", () => {
  const colors = bandColors(packed.scale);
  expect(colors).toHaveLength(packed.scale.levels.length - 1);
  expect(colors[0]).toBe("#440154");
  expect(colors.at(-1)).toBe("#fde725");
});

// From heights to places on the color scale. Which levels there are is decided where the scene is made.
import { interpolateViridis } from "d3-scale-chromatic";

import type { Scale } from "./scene";

/** Smooth position of a height on the scale: 0 at its lower end, 1 at its upper; NaN stays NaN. */
export function elevation(scale: Scale, height: number): number {
  const { base, low, high } = scale;
  if (!scale.logarithmic) return clamp((height - low) / (high - low));
  // Adding the floor instead of cutting at it keeps the bottom of a pit round.
  const floor = low - base;
  const above = Math.min(Math.max(height - base, 0), high - base);
  return Math.log((above + floor) / floor) / Math.log((high - base + floor) / floor);
}

/** Square-root height for the mountain, from 0 to 1, rounded off in the pits. */
export function mountainHeight(scale: Scale, height: number): number {
  const bottom = scale.logarithmic ? scale.base : scale.low;
  const share = clamp((height - bottom) / (scale.high - bottom));
  const round = 0.002;
  return (Math.sqrt(share + round) - Math.sqrt(round)) / (Math.sqrt(1 + round) - Math.sqrt(round));
}

/** One viridis color for each filled level: dark blue low, yellow high. */
export function bandColors(scale: Scale): string[] {
  const bands = scale.levels.length - 1;
  return Array.from({ length: bands }, (_, i) => interpolateViridis(bands > 1 ? i / (bands - 1) : 0.5));
}

function clamp(share: number): number {
  return share < 0 ? 0 : share > 1 ? 1 : share;
}

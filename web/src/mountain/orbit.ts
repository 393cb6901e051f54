// Where the eye stands around the mountain, as values.

export interface Orbit {
  /** Around the vertical axis, in radians; 0 looks from the south. */
  readonly around: number;
  /** Above the horizon, in radians. */
  readonly above: number;
  /** From the middle of the mountain, where the longer side of its ground measures 2. */
  readonly distance: number;
}

export const HOME: Orbit = { around: 0.55, above: 0.8, distance: 4.5 };

/** Turned and moved, but never under the ground, through the top, into the mountain or out of sight. */
export function orbited(orbit: Orbit, around: number, above: number, zoom = 1): Orbit {
  return {
    around: (orbit.around + around) % (2 * Math.PI),
    above: Math.min(1.5, Math.max(0.08, orbit.above + above)),
    distance: Math.min(9, Math.max(1.6, orbit.distance * zoom)),
  };
}

/** The eye's place; z grows upward. */
export function eye({ around, above, distance }: Orbit): [number, number, number] {
  const flat = distance * Math.cos(above);
  return [flat * Math.sin(around), -flat * Math.cos(around), distance * Math.sin(above)];
}

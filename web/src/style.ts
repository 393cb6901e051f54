// Colors and shapes that mean something, the same as in still pictures (view/style.py, view/scenes/hikers.py).

export const DOT = "#e10600";
export const TRAIL = "#7a0c0c";
export const CASING = "#fff6ec";
export const INK = "#1a1a1a";
export const HOLE = "#f2f2f2";
export const HATCH = "#9a9a9a";
export const NOWHERE = "#d1d1d1";

/** Paul Tol's light scheme, without its pink, on which red dots would be lost. */
export const BASINS = [
  "#77aadd",
  "#eedd88",
  "#44bb99",
  "#ee8866",
  "#99ddff",
  "#bbcc33",
  "#aaaa00",
  "#c7a6d8",
];

export const OUTCOMES = ["arrived", "saddle", "walking", "diverged", "left", "undefined"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Shape alone tells outcomes apart; the ring's color helps those who see it. Shapes have a radius of about 1. */
export const LOOKS: Record<Outcome | "moving", { shape: string; ring: string }> = {
  moving: { shape: "M1 0A1 1 0 1 1-1 0A1 1 0 1 1 1 0Z", ring: INK },
  arrived: { shape: "M1 0A1 1 0 1 1-1 0A1 1 0 1 1 1 0Z", ring: "#0072b2" },
  saddle: { shape: "M0-1.3L1.3 0L0 1.3L-1.3 0Z", ring: "#0b3c8c" },
  walking: { shape: "M-0.85-1.15L1.3 0L-0.85 1.15Z", ring: "#6b4200" },
  diverged: {
    shape: "M-1.25-.65L-.65-1.25L0-.6L.65-1.25L1.25-.65L.6 0L1.25.65L.65 1.25L0 .6L-.65 1.25L-1.25.65L-.6 0Z",
    ring: "#5b0f8a",
  },
  left: { shape: "M-.95-.95H.95V.95H-.95Z", ring: "#00574a" },
  undefined: { shape: "M-1.15-.85H1.15L0 1.3Z", ring: "#444444" },
};

/** A word that is not known counts as still walking. */
export function outcomeOf(kind: string): Outcome {
  return (OUTCOMES as readonly string[]).includes(kind) ? (kind as Outcome) : "walking";
}

/** Marks of places where hikers arrive, with a radius of about 1. */
export const MARKS: Record<string, string> = {
  lowest: star(5, 1.15, 0.5),
  local: "M-.26-1H.26V-.26H1V.26H.26V1H-.26V.26H-1V-.26H-.26Z",
  saddle: "M0-1.25L.75 0L0 1.25L-.75 0Z",
};

export function markOf(kind: string): string {
  return MARKS[kind] ?? MARKS.local;
}

/** Minima are called A, B, … Z, AA, AB, …, on the map and beside it. */
export function letter(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : letter(Math.floor(index / 26) - 1) + last;
}

/** The radius of a dot in pixels: large for a few hikers, small for a crowd. */
export function dotRadius(hikers: number, font: number): number {
  const share = Math.min(1, Math.max(0, (Math.log10(Math.max(hikers, 1)) - 1.2) / 1.8));
  return (0.4 - 0.2 * share) * font;
}

function star(points: number, outer: number, inner: number): string {
  const corners = Array.from({ length: 2 * points }, (_, i) => {
    const angle = (Math.PI * i) / points;
    const radius = i % 2 ? inner : outer;
    return `${(radius * Math.sin(angle)).toFixed(3)} ${(-radius * Math.cos(angle)).toFixed(3)}`;
  });
  return `M${corners.join("L")}Z`;
}

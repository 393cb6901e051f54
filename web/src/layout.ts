// Where the parts of the map stand, in CSS pixels. Nothing is drawn here.

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Layout {
  width: number;
  height: number;
  font: number;
  plot: Box;
  bar: Box;
  /** The color bar stands beside the map, or lies under it where there is little room. */
  upright: boolean;
}

const NARROW = 520;

/**
 * Places for the map and its color bar within a given width; `ratio` is the plane's width over its height, `letters`
 * the length of the color bar's longest label.
 */
export function layOut(width: number, available: number, ratio: number, letters = 4): Layout {
  const upright = width >= NARROW;
  const font = Math.min(17, Math.max(12, width / 48));
  const left = 3.6 * font;
  const right = upright ? (4.4 + 0.62 * letters) * font : 0.8 * font;
  const top = 0.7 * font;
  const bottom = upright ? 3.2 * font : 6.6 * font;
  const room = Math.max(80, width - left - right);
  // A plane much longer than wide would leave the screen: its shape is kept within bounds.
  const shape = Math.min(2.2, Math.max(0.75, ratio));
  const height = Math.min(room / shape, Math.max(240, available - top - bottom));
  const plotWidth = Math.min(room, Math.max(height * shape, 0.6 * room));
  const shift = upright ? 0 : (room - plotWidth) / 2;
  const plot = { left: left + shift, top, width: plotWidth, height };
  const bar = upright
    ? { left: plot.left + plotWidth + font, top, width: 1.1 * font, height }
    : { left: plot.left, top: top + height + 3.9 * font, width: plotWidth, height: 0.9 * font };
  return {
    width: upright ? left + plotWidth + right : width,
    height: top + height + bottom,
    font,
    plot,
    bar,
    upright,
  };
}

/** From the plane to pixels within a box. */
export interface Projection {
  x(value: number): number;
  y(value: number): number;
}

/** How a window (left, bottom, right, top) lies in a box; y grows upward. */
export function project(box: Box, window: number[]): Projection {
  const [left, bottom, right, top] = window;
  return {
    x: (value) => box.left + ((value - left) / (right - left)) * box.width,
    y: (value) => box.top + ((top - value) / (top - bottom)) * box.height,
  };
}

export function isInside(box: Box, x: number, y: number, margin = 0): boolean {
  return (
    x >= box.left - margin &&
    x <= box.left + box.width + margin &&
    y >= box.top - margin &&
    y <= box.top + box.height + margin
  );
}

// Light from the north-west over a grid, as an image. The same light as in still pictures (view/scenes/terrain.py).

/** Red, green, blue and opacity of each cell, row by row from the HIGHEST y, as images go. */
export function hillshade(elevation: Float64Array, size: number[], strength = 0.42): Uint8ClampedArray {
  const [width, depth] = size;
  const image = new Uint8ClampedArray(4 * width * depth);
  if (width < 2 || depth < 2) return image;
  const east = new Float64Array(width * depth);
  const north = new Float64Array(width * depth);
  const slopes: number[] = [];
  for (let row = 0; row < depth; row++) {
    for (let column = 0; column < width; column++) {
      const i = row * width + column;
      east[i] = slope(elevation, i, column, width, 1) * (width - 1);
      north[i] = slope(elevation, i, row, depth, width) * (depth - 1);
      const steep = Math.hypot(east[i], north[i]);
      if (Number.isFinite(steep)) slopes.push(steep);
    }
  }
  slopes.sort((a, b) => a - b);
  const typical = slopes.length ? slopes[Math.floor(0.8 * (slopes.length - 1))] : 0;
  if (!typical) return image;
  const level = Math.SQRT1_2;
  for (let row = 0; row < depth; row++) {
    for (let column = 0; column < width; column++) {
      const i = row * width + column;
      // The typical slope stands at some 40 degrees, whatever the units; light comes from 45 degrees.
      const e = (0.85 * east[i]) / typical;
      const n = (0.85 * north[i]) / typical;
      const light = (0.5 * e - 0.5 * n + level) / Math.sqrt(1 + e * e + n * n) - level;
      if (Number.isNaN(light)) continue;
      const at = 4 * ((depth - 1 - row) * width + column);
      image.fill(light > 0 ? 255 : 0, at, at + 3);
      // Half as much white: yellow has no room to become lighter.
      image[at + 3] = 255 * strength * Math.min(1, light > 0 ? 1.2 * light : -light);
    }
  }
  return image;
}

/** Difference across a cell, one-sided at the rim of the grid. */
function slope(grid: Float64Array, i: number, place: number, count: number, stride: number): number {
  if (place === 0) return grid[i + stride] - grid[i];
  if (place === count - 1) return grid[i] - grid[i - stride];
  return (grid[i + stride] - grid[i - stride]) / 2;
}

// The mountain's surface as numbers: vertices, triangles, and heights in between. Nothing is drawn here.

export interface Ground {
  /** Columns and rows of the grid. */
  size: number[];
  /** Heights from 0 to 1, row by row from the lowest y; NaN in holes. */
  height: Float64Array;
  /** Half the length of the ground along x and along y; the longer is 1. */
  half: [number, number];
  /** How high 1 is. */
  rise: number;
}

export interface Surface {
  positions: Float32Array;
  /** Places on the texture, from 0 to 1. */
  places: Float32Array;
  triangles: Uint32Array;
}

/** The top of the mountain: two triangles for each square of the grid, none where a corner is a hole. */
export function surface({ size: [width, depth], height, half, rise }: Ground): Surface {
  const positions = new Float32Array(3 * width * depth);
  const places = new Float32Array(2 * width * depth);
  const triangles: number[] = [];
  for (let row = 0; row < depth; row++) {
    for (let column = 0; column < width; column++) {
      const i = row * width + column;
      const [u, v] = [column / (width - 1), row / (depth - 1)];
      const z = Number.isNaN(height[i]) ? 0 : height[i];
      positions.set([(2 * u - 1) * half[0], (2 * v - 1) * half[1], z * rise], 3 * i);
      places.set([u, v], 2 * i);
      if (column === width - 1 || row === depth - 1) continue;
      const [a, b, c, d] = [i, i + 1, i + width, i + width + 1];
      if (![a, b, c].some((k) => Number.isNaN(height[k]))) triangles.push(a, b, c);
      if (![b, d, c].some((k) => Number.isNaN(height[k]))) triangles.push(b, d, c);
    }
  }
  return { positions, places, triangles: Uint32Array.from(triangles) };
}

/** Walls from the rim down to the foot, so that the mountain stands as a block; no texture. */
export function walls(ground: Ground, foot: number): { positions: Float32Array; triangles: Uint32Array } {
  const [width, depth] = ground.size;
  const rim: number[] = [];
  for (let column = 0; column < width; column++) rim.push(column);
  for (let row = 1; row < depth; row++) rim.push(row * width + width - 1);
  for (let column = width - 2; column >= 0; column--) rim.push((depth - 1) * width + column);
  for (let row = depth - 2; row >= 0; row--) rim.push(row * width);
  const { positions: top } = surface(ground);
  const positions: number[] = [];
  const triangles: number[] = [];
  for (let k = 0; k + 1 < rim.length; k++) {
    const [a, b] = [rim[k], rim[k + 1]];
    if (Number.isNaN(ground.height[a]) || Number.isNaN(ground.height[b])) continue;
    const first = positions.length / 3;
    for (const i of [a, b]) {
      positions.push(top[3 * i], top[3 * i + 1], foot, top[3 * i], top[3 * i + 1], top[3 * i + 2]);
    }
    triangles.push(first, first + 2, first + 1, first + 1, first + 2, first + 3);
  }
  return { positions: Float32Array.from(positions), triangles: Uint32Array.from(triangles) };
}

/** Height of the drawn ground at a place given in shares of its sides; beyond the rim that of the rim, 0 in holes. */
export function heightAt({ size: [width, depth], height, rise }: Ground, u: number, v: number): number {
  const x = Math.min(1, Math.max(0, u)) * (width - 1);
  const y = Math.min(1, Math.max(0, v)) * (depth - 1);
  const column = Math.min(width - 2, Math.floor(x));
  const row = Math.min(depth - 2, Math.floor(y));
  const [s, t] = [x - column, y - row];
  const i = row * width + column;
  const corners: [number, number][] = [
    [height[i], (1 - s) * (1 - t)],
    [height[i + 1], s * (1 - t)],
    [height[i + width], (1 - s) * t],
    [height[i + width + 1], s * t],
  ];
  let sum = 0;
  let weight = 0;
  for (const [corner, share] of corners) {
    if (Number.isNaN(corner)) continue;
    sum += share * corner;
    weight += share;
  }
  return weight ? (rise * sum) / weight : 0;
}

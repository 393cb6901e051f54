// A scene as the page's layers read it, and how it is unpacked. The other half of this contract is view/scenes/packing.py.

export const VERSION = 1;

export interface Scale {
  levels: number[];
  labels: string[];
  /** The height from which the labels count; 0 as a rule, else they begin with a plus. */
  labelsCountFrom: number;
  strong: number[];
  logarithmic: boolean;
  base: number;
  low: number;
  high: number;
}

export interface Hiker {
  start: number[] | null;
  end: number[] | null;
  value: number | null;
  /** The number of its last frame, such as the step at which it stopped. */
  last: number | null;
  /** How many of the packed frames it walks. */
  frames: number;
  outcome: string;
  kind: string;
}

export interface Minimum {
  point: number[];
  value: number | null;
  hikers: number;
  kind: string;
}

type Kind = "f4" | "f8" | "i4" | "i2" | "u2";

export interface PackedArray {
  name: string;
  type: Kind;
  count: number;
  subtracted: boolean;
  offset: number;
}

export interface Packed {
  version: number;
  title: string;
  axisLabels: string[];
  heightLabel: string;
  frameLabel: string;
  note: string;
  /** What the legend calls kinds of outcomes where their own words do not fit; absent in earlier pages. */
  kindWords?: Record<string, string>;
  window: number[];
  size: number[];
  scale: Scale;
  hikers: Hiker[];
  minima: Minimum[];
  arrays: PackedArray[];
  bytes: string;
}

/** Everything that is drawn. Grids go row by row from the lowest y; paths lie end to end, hiker by hiker. */
export interface Scene extends Omit<Packed, "arrays" | "bytes"> {
  height: Float64Array;
  basins: Float64Array | null;
  /** The number that each frame carries. */
  frames: Float64Array;
  pathX: Float64Array;
  pathY: Float64Array;
  losses: Float64Array;
  /** Where each hiker's points begin in `pathX`, `pathY` and `losses`; one more entry than hikers. */
  begins: number[];
}

export class WrongVersion extends Error {
  constructor(readonly version: unknown) {
    super(`data of version ${version}, expected ${VERSION}`);
  }
}

/** Unpack what view/scenes/packing.py packed. */
export async function unpackScene(packed: Packed): Promise<Scene> {
  if (packed.version !== VERSION) throw new WrongVersion(packed.version);
  const bytes = await inflate(packed.bytes);
  const arrays = new Map<string, Float64Array>();
  let at = 0;
  for (const entry of packed.arrays) {
    const size = entry.count * Number(entry.type[1]);
    arrays.set(entry.name, restore(bytes.subarray(at, at + size), entry));
    at += size;
  }
  const begins = [0];
  for (const hiker of packed.hikers) begins.push(begins[begins.length - 1] + hiker.frames);
  const points = begins[begins.length - 1];
  const [left, bottom, right, top] = packed.window;
  const places = arrays.get("paths")!;
  const { arrays: _, bytes: __, ...rest } = packed;
  return {
    ...rest,
    height: arrays.get("height")!,
    basins: arrays.get("basins") ?? null,
    frames: arrays.get("frames")!,
    pathX: places.slice(0, points).map((share) => inWindow(share, left, right)),
    pathY: places.slice(points).map((share) => inWindow(share, bottom, top)),
    losses: arrays.get("losses")!,
    begins,
  };
}

/** How far the plane reaches, the longer of its sides. */
export function spanOf({ window: [left, bottom, right, top] }: Scene): number {
  return Math.max(right - left, top - bottom);
}

/** Bytes from deflated text in base 64. */
export async function inflate(text: string): Promise<Uint8Array> {
  const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Undo the packing of one array: bytes of equal weight side by side, differences, the offset. */
export function restore(bytes: Uint8Array, entry: PackedArray): Float64Array {
  const width = Number(entry.type[1]);
  const ordered = new DataView(new ArrayBuffer(bytes.length));
  for (let k = 0; k < width; k++) {
    for (let i = 0; i < entry.count; i++) ordered.setUint8(i * width + k, bytes[k * entry.count + i]);
  }
  const values = new Float64Array(entry.count);
  const wrap = 2 ** (8 * width);
  const lowest = entry.type[0] === "i" ? -wrap / 2 : 0;
  let sum = 0;
  for (let i = 0; i < entry.count; i++) {
    const value = read(ordered, i * width, entry.type);
    if (entry.subtracted) {
      sum = ((((sum + value - lowest) % wrap) + wrap) % wrap) + lowest;
      values[i] = sum + entry.offset;
    } else {
      values[i] = value + entry.offset;
    }
  }
  return values;
}

function read(view: DataView, at: number, type: Kind): number {
  switch (type) {
    case "f4":
      return view.getFloat32(at, true);
    case "f8":
      return view.getFloat64(at, true);
    case "i4":
      return view.getInt32(at, true);
    case "i2":
      return view.getInt16(at, true);
    case "u2":
      return view.getUint16(at, true);
  }
}

/** From 0 to 65 535 over three windows, the drawn one in their middle. */
function inWindow(share: number, low: number, high: number): number {
  const width = high - low;
  return low - width + (share / 65_535) * 3 * width;
}

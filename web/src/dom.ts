// Elements in one line. Text always goes in as text, never as markup.

type Attributes = Record<string, string | number | boolean | null | undefined>;
type Child = Node | string | null;

/** An HTML element with attributes and children; true stands for a bare attribute, false and null for none. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  return furnish(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function s<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[Tag] {
  return furnish(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function furnish<E extends Element>(element: E, attributes: Attributes, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Give a canvas as many pixels as the screen has for its size (which the style sheet sets); its pen, in CSS pixels. */
export function sizeCanvas(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
): CanvasRenderingContext2D {
  const density = Math.min(3, Math.max(1, window.devicePixelRatio || 1));
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  const pen = canvas.getContext("2d")!;
  pen.setTransform(density, 0, 0, density, 0, 0);
  return pen;
}

/**
 * The same for a canvas that covers only a part of what it stands in: what need not be drawn anew for each frame need
 * not be put together anew either. Its pen counts from the corner of the whole.
 */
export function sizePart(
  canvas: HTMLCanvasElement,
  part: { left: number; top: number; width: number; height: number },
  whole: { width: number; height: number },
): CanvasRenderingContext2D {
  const [left, top] = [Math.max(0, Math.floor(part.left)), Math.max(0, Math.floor(part.top))];
  const width = Math.min(Math.ceil(part.left + part.width), whole.width) - left;
  const height = Math.min(Math.ceil(part.top + part.height), whole.height) - top;
  const pen = sizeCanvas(canvas, width, height);
  canvas.style.left = `${(100 * left) / whole.width}%`;
  canvas.style.top = `${(100 * top) / whole.height}%`;
  canvas.style.width = `${(100 * width) / whole.width}%`;
  canvas.style.height = `${(100 * height) / whole.height}%`;
  pen.translate(-left, -top);
  return pen;
}

/** Empty a canvas, wherever its pen counts from. */
export function clear(pen: CanvasRenderingContext2D): void {
  pen.save();
  pen.resetTransform();
  pen.clearRect(0, 0, pen.canvas.width, pen.canvas.height);
  pen.restore();
}

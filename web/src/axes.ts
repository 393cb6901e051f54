// Axes, color bar, labels of contour lines, starts and minima, as SVG between the paths and the dots.
import { ticks } from "d3-array";

import { s } from "./dom";
import { bandColors, elevation } from "./heights";
import { project, type Layout } from "./layout";
import { formatNumber } from "./numbers";
import type { Scene } from "./scene";
import { letter, markOf } from "./style";
import type { Terrain } from "./terrain";
import { fill, wordsFor } from "./words";

/** Everything of the map that is lines and letters. `plane` is hidden while the mountain is shown. */
export function drawAxes(
  svg: SVGSVGElement,
  scene: Scene,
  terrain: Terrain,
  layout: Layout,
  lang: string,
): void {
  svg.setAttribute("width", String(layout.width));
  svg.setAttribute("height", String(layout.height));
  svg.setAttribute("viewBox", `0 0 ${layout.width} ${layout.height}`);
  svg.style.fontSize = `${layout.font}px`;
  const plane = s("g", { class: "plane" }, ticksAndFrame(scene, layout, lang));
  plane.append(lineLabels(scene, terrain, layout), starts(scene, layout), minima(scene, layout));
  svg.replaceChildren(plane, colorBar(scene, layout, barName(scene, lang)));
}

function ticksAndFrame(scene: Scene, layout: Layout, lang: string): SVGElement {
  const { plot, font } = layout;
  const at = project(plot, scene.window);
  const [left, bottom, right, top] = scene.window;
  const group = s("g", { class: "axes" });
  const base = plot.top + plot.height;
  for (const value of ticks(left, right, Math.max(2, plot.width / (5.5 * font)))) {
    const x = at.x(value);
    group.append(s("line", { x1: x, x2: x, y1: base, y2: base + 5 }));
    group.append(
      s("text", { x, y: base + 1.45 * font, "text-anchor": "middle" }, formatNumber(value, lang, 6)),
    );
  }
  for (const value of ticks(bottom, top, Math.max(2, plot.height / (3.5 * font)))) {
    const y = at.y(value);
    group.append(s("line", { x1: plot.left - 5, x2: plot.left, y1: y, y2: y }));
    const text = { x: plot.left - 0.6 * font, y: y + 0.35 * font, "text-anchor": "end" };
    group.append(s("text", text, formatNumber(value, lang, 6)));
  }
  const middle = plot.top + plot.height / 2;
  const turned = `rotate(-90 ${0.95 * font} ${middle})`;
  group.append(
    s("rect", { x: plot.left, y: plot.top, width: plot.width, height: plot.height, class: "frame" }),
    s(
      "text",
      { x: plot.left + plot.width / 2, y: base + 2.75 * font, "text-anchor": "middle", class: "name" },
      scene.axisLabels[0],
    ),
    s(
      "text",
      { x: 0.95 * font, y: middle, "text-anchor": "middle", class: "name", transform: turned },
      scene.axisLabels[1],
    ),
  );
  return group;
}

function lineLabels(scene: Scene, terrain: Terrain, { plot, font }: Layout): SVGElement {
  const at = project(plot, scene.window);
  const points = [...scene.minima.map(({ point }) => point), ...scene.hikers.map(({ start }) => start)];
  const avoid = points.flatMap((point) => (point ? [{ x: at.x(point[0]), y: at.y(point[1]) }] : []));
  // The letters beside the minima.
  scene.minima.forEach((_, i) => avoid.push({ x: avoid[i].x + 1.7 * font, y: avoid[i].y - 1.1 * font }));
  const size = 0.86 * font;
  const group = s("g", { class: "levels", "font-size": size });
  for (const { x, y, angle, text } of terrain.labels(plot, size, avoid)) {
    const transform = `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${((180 * angle) / Math.PI).toFixed(1)})`;
    group.append(s("text", { transform, y: 0.35 * size, "text-anchor": "middle", class: "letter" }, text));
  }
  return group;
}

function starts(scene: Scene, layout: Layout): SVGElement {
  const at = project(layout.plot, scene.window);
  const group = s("g", { class: "starts" });
  const r = (scene.hikers.length > 40 ? 0.2 : 0.28) * layout.font;
  for (const hiker of scene.hikers) {
    if (!hiker.start || !within(scene, hiker.start)) continue;
    const center = { cx: at.x(hiker.start[0]), cy: at.y(hiker.start[1]), r };
    group.append(s("circle", { ...center, class: "under" }), s("circle", { ...center, class: "over" }));
  }
  return group;
}

function minima(scene: Scene, layout: Layout): SVGElement {
  const { plot, font } = layout;
  const at = project(plot, scene.window);
  const group = s("g", { class: "minima" });
  scene.minima.forEach((minimum, i) => {
    if (!within(scene, minimum.point)) return;
    const [x, y] = [at.x(minimum.point[0]), at.y(minimum.point[1])];
    const transform = `translate(${x} ${y}) scale(${(minimum.kind === "lowest" ? 1.15 : 0.9) * font})`;
    group.append(s("path", { d: markOf(minimum.kind), transform, class: `mark ${minimum.kind}` }));
    if (scene.minima.length < 2) return;
    // The letter stands on the side that has room.
    const right = x < plot.left + plot.width - 2.4 * font;
    const above = y > plot.top + 2.4 * font;
    const place = {
      x: x + (right ? 1 : -1) * 1.15 * font,
      y: y + (above ? -0.8 : 1.5) * font,
      "text-anchor": right ? "start" : "end",
      class: "letter",
    };
    group.append(s("text", place, letter(i)));
  });
  return group;
}

function within({ window: [left, bottom, right, top] }: Scene, [x, y]: number[]): boolean {
  return x >= left && x <= right && y >= bottom && y <= top;
}

/** The filled levels side by side, as far apart as the heights between them; strong levels carry their label. */
function colorBar(scene: Scene, layout: Layout, title: string): SVGElement {
  const { bar, upright, font } = layout;
  const { scale } = scene;
  const group = s("g", { class: "bar" });
  const share = barShares(scene);
  const along = (value: number) =>
    upright ? bar.top + bar.height * (1 - value) : bar.left + bar.width * value;
  bandColors(scale).forEach((fill, i) => {
    const [a, b] = [along(share[i]), along(share[i + 1])];
    const first = Math.min(a, b);
    // A hair more than its share, so that no light shines between two bands.
    const length = Math.abs(a - b) + 0.4;
    const place = upright
      ? { x: bar.left, y: first, width: bar.width, height: length }
      : { x: first, y: bar.top, width: length, height: bar.height };
    group.append(s("rect", { ...place, fill, "shape-rendering": "crispEdges" }));
  });
  const frame = { x: bar.left, y: bar.top, width: bar.width, height: bar.height, class: "frame" };
  group.append(s("rect", frame));
  for (const level of scale.strong) {
    if (level === 0 || level === scale.levels.length - 1) continue;
    const value = along(share[level]);
    if (upright) {
      const end = bar.left + bar.width;
      group.append(s("line", { x1: end, x2: end + 4, y1: value, y2: value }));
      group.append(s("text", { x: end + 0.5 * font, y: value + 0.35 * font }, scale.labels[level]));
    } else {
      const end = bar.top + bar.height;
      group.append(s("line", { x1: value, x2: value, y1: end, y2: end + 4 }));
      const text = { x: value, y: end + 1.25 * font, "text-anchor": "middle" };
      group.append(s("text", text, scale.labels[level]));
    }
  }
  const middle = bar.top + bar.height / 2;
  const edge = layout.width - 0.5 * font;
  const name = upright
    ? { x: edge, y: middle, "text-anchor": "middle", transform: `rotate(-90 ${edge} ${middle})` }
    : { x: bar.left + bar.width, y: bar.top - 0.4 * font, "text-anchor": "end" };
  group.append(s("text", { ...name, class: "name" }, title));
  return group;
}

function barName({ heightLabel, scale }: Scene, lang: string): string {
  if (!scale.labelsCountFrom) return heightLabel;
  const value = formatNumber(scale.labelsCountFrom, lang, 12);
  return fill(wordsFor(lang).above, { height: heightLabel, value });
}

/** Where the edges of the levels stand along the color bar, from 0 to 1. */
export function barShares({ scale }: Scene): number[] {
  const shares = scale.levels.map((level) => elevation(scale, level));
  const [low, high] = [shares[0], shares[shares.length - 1]];
  return shares.map((share) => (share - low) / (high - low || 1));
}

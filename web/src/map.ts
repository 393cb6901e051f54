// The map from above: three canvas layers and the axes between them, kept in step with one layout.
import { drawAxes } from "./axes";
import { h, s, sizeCanvas, sizePart } from "./dom";
import { DotsLayer, kindsOf } from "./dots";
import { hikersNear, pathNear, placesOf, type Places } from "./hikers";
import { isInside, project, type Layout } from "./layout";
import { PathsLayer } from "./paths";
import type { Scene } from "./scene";
import { dotRadius } from "./style";
import type { Terrain } from "./terrain";

export class PlaneMap {
  readonly element: HTMLElement;
  private readonly terrainCanvas = h("canvas", { class: "terrain" });
  private readonly pathsCanvas = h("canvas", { class: "paths" });
  private readonly dotsCanvas = h("canvas", { class: "dots" });
  private readonly axes = s("svg", { class: "axes-layer", "aria-hidden": "true" });
  private paths: PathsLayer | null = null;
  private dots: DotsLayer | null = null;
  private layout: Layout | null = null;
  private places: Places | null = null;

  constructor(
    private readonly scene: Scene,
    private readonly terrain: Terrain,
    private readonly lang: string,
  ) {
    this.element = h(
      "div",
      { class: "map" },
      this.terrainCanvas,
      this.pathsCanvas,
      this.axes,
      this.dotsCanvas,
    );
  }

  /** Draw everything that does not move, for one size. */
  resize(layout: Layout, basins: boolean): void {
    this.layout = layout;
    const { plot, font } = layout;
    this.drawTerrain(basins);
    this.places = placesOf(this.scene, project(plot, this.scene.window));
    const line = lineWidth(this.scene.hikers.length, font);
    // Dots at the rim reach a little beyond it.
    const margin = 3.2 * dotRadius(this.scene.hikers.length, font);
    const around = {
      left: plot.left - margin,
      top: plot.top - margin,
      width: plot.width + 2 * margin,
      height: plot.height + 2 * margin,
    };
    this.paths = new PathsLayer(sizePart(this.pathsCanvas, plot, layout));
    this.paths.reset(this.places, plot, line);
    this.dots = new DotsLayer(sizePart(this.dotsCanvas, around, layout), kindsOf(this.scene.hikers));
    this.dots.reset(this.places, plot, dotRadius(this.scene.hikers.length, font), line);
    drawAxes(this.axes, this.scene, this.terrain, layout, this.lang);
  }

  /** The terrain alone, such as when basins are switched on. */
  drawTerrain(basins: boolean): void {
    if (!this.layout) return;
    const { width, height, plot, font } = this.layout;
    const pen = sizeCanvas(this.terrainCanvas, width, height);
    this.terrain.draw(pen, plot, {
      line: 0.075 * font,
      shade: true,
      basins,
    });
  }

  /** Show a frame, which may lie between two steps, and one hiker stronger than the others (or -1). */
  show(frame: number, chosen: number): void {
    this.paths?.show(Math.floor(frame));
    this.dots?.show(frame, chosen);
  }

  /** Hikers under a point: those whose dot is there, or else the one whose path passes. */
  hikersAt(x: number, y: number, frame: number, reach: number): number[] {
    if (!this.dots || !this.places || !this.layout || !isInside(this.layout.plot, x, y, reach)) return [];
    const near = hikersNear(this.dots.positions, x, y, reach);
    if (near.length) return near;
    const passing = pathNear(this.places, Math.floor(frame), x, y, 0.5 * reach);
    return passing < 0 ? [] : [passing];
  }

  /** Everybody who stands where this hiker stands, itself included. */
  standingWith(hiker: number): number[] {
    const where = this.dots?.positions;
    if (!where || Number.isNaN(where[2 * hiker])) return [];
    return hikersNear(where, where[2 * hiker], where[2 * hiker + 1], 3);
  }
}

/** Thin lines for a crowd. */
export function lineWidth(hikers: number, font: number): number {
  return (hikers > 200 ? 0.05 : hikers > 40 ? 0.085 : 0.115) * font;
}

// The mountain's place in the page: its texture, its labels, its buttons. The 3-D drawing itself is `mountain/main`.
import { button } from "./controls";
import { mountainScript } from "./door";
import { h, s } from "./dom";
import { mountainHeight } from "./heights";
import { placesOf, standing, type Places } from "./hikers";
import { project, type Box, type Layout } from "./layout";
import { lineWidth } from "./map";
import type { Mountain } from "./mountain/main";
import { HOME, orbited, type Orbit } from "./mountain/orbit";
import { formatNumber } from "./numbers";
import { listenForTurns } from "./orbiting";
import { PathsLayer } from "./paths";
import type { Scene } from "./scene";
import { CASING, DOT, INK, dotRadius, markOf } from "./style";
import type { Terrain } from "./terrain";
import { fill, type Words } from "./words";

const TEXTURE = 1280;
const RISE = 0.7;
/** While hikers walk, the texture goes to the graphics card at most this often (in milliseconds). */
const REPAINT = 60;

const ICONS = {
  turnLeft: "M14.5 5L7.5 12l7 7",
  turnRight: "M9.5 5l7 7-7 7",
  tiltUp: "M5 14.5l7-7 7 7",
  tiltDown: "M5 9.5l7 7 7-7",
  zoomIn: "M12 5v14M5 12h14",
  zoomOut: "M5 12h14",
};

export class Relief {
  readonly element: HTMLElement;
  private readonly canvas: HTMLCanvasElement;
  private readonly labels = s("svg", { class: "labels", "aria-hidden": "true" });
  private readonly picture = h("canvas");
  private readonly ground = h("canvas");
  private readonly box: Box;
  private readonly places: Places;
  private readonly paths: PathsLayer;
  private readonly where: Float32Array;
  private mountain: Mountain | null = null;
  private orbit: Orbit = HOME;
  private frame = 0;
  private painted = { frame: -1, at: -Infinity };
  private waiting = 0;
  private size = { width: 1, height: 1, font: 12 };

  constructor(
    private readonly scene: Scene,
    private readonly terrain: Terrain,
    private readonly words: Words,
    private readonly lang: string,
    private readonly shape: number,
  ) {
    const [width, height] = shape > 1 ? [TEXTURE, TEXTURE / shape] : [TEXTURE * shape, TEXTURE];
    this.box = { left: 0, top: 0, width: Math.round(width), height: Math.round(height) };
    for (const canvas of [this.picture, this.ground]) {
      canvas.width = this.box.width;
      canvas.height = this.box.height;
    }
    const trails = h("canvas", { width: this.box.width, height: this.box.height });
    this.places = placesOf(scene, project(this.box, scene.window));
    this.paths = new PathsLayer(trails.getContext("2d")!);
    // Seen at a slant, a wide casing would hide the line.
    this.paths.reset(this.places, this.box, 3 * lineWidth(scene.hikers.length, 16), 1.7);
    this.where = new Float32Array(2 * scene.hikers.length);
    this.canvas = h("canvas", { tabindex: 0, role: "application", "aria-label": words.mountainLabel });
    this.element = h(
      "div",
      { class: "relief" },
      this.canvas,
      this.labels,
      this.buttons(),
      h("p", { class: "quiet" }, fill(words.mountainHeight, { height: scene.heightLabel })),
    );
    listenForTurns(this.canvas, (around, above, zoom) => this.turn(around, above, zoom));
  }

  /** Start the 3-D script; fails where there is no WebGL. */
  async open(): Promise<void> {
    const openMountain = await mountainScript();
    const { scene, shape } = this;
    const ground = {
      size: scene.size,
      height: scene.height.map((height) => mountainHeight(scene.scale, height)),
      half: (shape > 1 ? [1, 1 / shape] : [shape, 1]) as [number, number],
      rise: RISE,
    };
    const radius = 0.0042 * dotRadius(scene.hikers.length, 16);
    const colors = { dot: DOT, rim: "#ffffff", wall: "#a9aeb6" };
    this.mountain = openMountain(this.canvas, ground, this.picture, radius, scene.hikers.length, colors);
  }

  close(): void {
    cancelAnimationFrame(this.waiting);
    this.mountain?.close();
    this.mountain = null;
  }

  /** The ground's picture: levels and lines as on the map; light comes from the 3-D scene instead. */
  drawGround(basins: boolean): void {
    const pen = this.ground.getContext("2d")!;
    pen.clearRect(0, 0, this.ground.width, this.ground.height);
    this.terrain.draw(pen, this.box, { line: 2, shade: false, basins });
    const at = project(this.box, this.scene.window);
    for (const { point, kind } of this.scene.minima) {
      const mark = new Path2D();
      mark.addPath(
        new Path2D(markOf(kind)),
        new DOMMatrix().translate(at.x(point[0]), at.y(point[1])).scale(24),
      );
      pen.fillStyle = CASING;
      pen.strokeStyle = INK;
      pen.lineWidth = 4;
      pen.stroke(mark);
      pen.fill(mark);
    }
    this.painted = { frame: -1, at: -Infinity };
    this.redraw();
  }

  /** Fill the map's place, but leave the color bar in sight. */
  resize(layout: Layout): void {
    const { bar, upright, font } = layout;
    const width = upright ? bar.left - 0.5 * font : layout.width;
    const height = upright ? layout.height : bar.top - 1.6 * font;
    this.size = { width, height, font };
    this.element.style.width = `${(100 * width) / layout.width}%`;
    this.element.style.height = `${(100 * height) / layout.height}%`;
    this.labels.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.labels.style.fontSize = `${font}px`;
    this.mountain?.resize(width, height);
    this.redraw();
  }

  show(frame: number): void {
    this.frame = frame;
    this.redraw();
  }

  private turn(around: number, above: number, zoom: number): void {
    this.orbit = orbited(this.orbit, around, above, zoom);
    this.redraw();
  }

  /** Draw before the next frame of the screen, however often it was asked for. */
  private redraw(): void {
    this.waiting ||= requestAnimationFrame((now) => {
      this.waiting = 0;
      this.draw(now);
    });
  }

  private draw(now: number): void {
    if (!this.mountain) return;
    standing(this.places, this.frame, this.where);
    const shares = this.where.map((at, i) => (i % 2 ? 1 - at / this.box.height : at / this.box.width));
    this.mountain.place(shares.map((share) => Math.min(1, Math.max(0, share))));
    const whole = Math.floor(this.frame);
    if (whole !== this.painted.frame) {
      if (now - this.painted.at >= REPAINT) this.paint(whole, now);
      else this.redraw();
    }
    this.mountain.draw(this.orbit);
    this.drawLabels();
  }

  private paint(frame: number, now: number): void {
    this.paths.show(frame);
    const pen = this.picture.getContext("2d")!;
    pen.drawImage(this.ground, 0, 0);
    pen.drawImage(this.paths.canvas, 0, 0);
    this.mountain!.repaint();
    this.painted = { frame, at: now };
  }

  /** Names and ends of both axes, along the edges that face the eye. */
  private drawLabels(): void {
    const { axisLabels, window } = this.scene;
    const [left, bottom, right, top] = window;
    const south = Math.cos(this.orbit.around) > 0;
    const east = Math.sin(this.orbit.around) > 0;
    const [v, u] = [south ? -0.09 : 1.09, east ? 1.09 : -0.09];
    const number = (value: number) => formatNumber(value, this.lang, 3);
    const texts: [string, number, number, string][] = [
      [axisLabels[0], 0.5, v, "name"],
      [number(left), 0.04, v, ""],
      [number(right), 0.96, v, ""],
      [axisLabels[1], u, 0.5, "name"],
      [number(bottom), u, 0.04, ""],
      [number(top), u, 0.96, ""],
    ];
    this.labels.replaceChildren(
      ...texts.map(([text, atU, atV, style]) => {
        const [x, y] = this.mountain!.seen(atU, atV, -0.04);
        const place = { x: x.toFixed(1), y: (y + 0.35 * this.size.font).toFixed(1), "text-anchor": "middle" };
        return s("text", { ...place, class: style }, text);
      }),
    );
  }

  private buttons(): HTMLElement {
    const turns: [keyof typeof ICONS, number, number, number][] = [
      ["turnLeft", -0.25, 0, 1],
      ["turnRight", 0.25, 0, 1],
      ["tiltUp", 0, 0.15, 1],
      ["tiltDown", 0, -0.15, 1],
      ["zoomIn", 0, 0, 1 / 1.25],
      ["zoomOut", 0, 0, 1.25],
    ];
    return h(
      "div",
      { class: "turns" },
      ...turns.map(([name, around, above, zoom]) =>
        button(this.words[name], ICONS[name], () => this.turn(around, above, zoom)),
      ),
    );
  }
}

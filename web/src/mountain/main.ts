// The mountain in 3-D: this script travels with the page as packed text and runs only when someone opens it.
import {
  AmbientLight,
  BackSide,
  BufferAttribute,
  BufferGeometry,
  CanvasTexture,
  DirectionalLight,
  DoubleSide,
  InstancedMesh,
  Matrix4,
  Mesh,
  MeshBasicMaterial,
  MeshLambertMaterial,
  PerspectiveCamera,
  Scene,
  SphereGeometry,
  SRGBColorSpace,
  Vector3,
  WebGLRenderer,
} from "three";

import { heightAt, surface, walls, type Ground } from "./ground";
import { eye, type Orbit } from "./orbit";

export interface MountainColors {
  dot: string;
  rim: string;
  wall: string;
}

/** What the map's script may do with a mountain. */
export interface Mountain {
  resize(width: number, height: number): void;
  /** Hikers' places in shares of the ground's sides, x and y by turns; NaN for those who are not shown. */
  place(hikers: Float32Array): void;
  /** The texture's canvas has changed. */
  repaint(): void;
  draw(orbit: Orbit): void;
  /** Where a point of the block is seen, in pixels of the canvas; z in shares of the mountain's height. */
  seen(u: number, v: number, z: number): [number, number];
  close(): void;
}

const FOOT = -0.04;

function open(
  canvas: HTMLCanvasElement,
  ground: Ground,
  picture: HTMLCanvasElement,
  radius: number,
  hikers: number,
  colors: MountainColors,
): Mountain {
  const renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true });
  const scene = new Scene();
  const camera = new PerspectiveCamera(36, 1, 0.1, 40);
  camera.up.set(0, 0, 1);
  const texture = new CanvasTexture(picture);
  texture.colorSpace = SRGBColorSpace;
  texture.anisotropy = renderer.capabilities.getMaxAnisotropy();
  scene.add(topOf(ground, texture), wallsOf(ground, colors.wall));
  // Ground that faces the light is as bright as on the map.
  const sun = new DirectionalLight("#ffffff", 2.6);
  sun.position.set(-1.2, 1.2, 2.1);
  scene.add(sun, new AmbientLight("#ffffff", 1.35));
  const [balls, rims] = ballsOf(radius, hikers, colors);
  scene.add(balls, rims);
  let size = { width: 1, height: 1 };

  return {
    resize(width, height) {
      size = { width, height };
      // Finer than a plain screen: thin lines on far slopes would fall apart.
      renderer.setPixelRatio(Math.min(2, 1.5 * (window.devicePixelRatio || 1)));
      renderer.setSize(width, height);
      camera.aspect = width / height;
      // On a tall screen the whole width stays in sight.
      camera.zoom = Math.min(1, camera.aspect / 1.15);
      camera.updateProjectionMatrix();
    },
    place(shares) {
      const matrix = new Matrix4();
      for (let hiker = 0; hiker < hikers; hiker++) {
        const [u, v] = [shares[2 * hiker], shares[2 * hiker + 1]];
        if (Number.isNaN(u)) matrix.makeScale(0, 0, 0);
        else matrix.makeTranslation(...standingOn(ground, u, v, 0.6 * radius));
        balls.setMatrixAt(hiker, matrix);
        rims.setMatrixAt(hiker, matrix);
      }
      balls.instanceMatrix.needsUpdate = rims.instanceMatrix.needsUpdate = true;
    },
    repaint() {
      texture.needsUpdate = true;
    },
    draw(orbit) {
      camera.position.set(...eye(orbit));
      camera.lookAt(0, 0, 0.16 * ground.rise);
      camera.updateMatrixWorld();
      renderer.render(scene, camera);
    },
    seen(u, v, z) {
      const point = new Vector3((2 * u - 1) * ground.half[0], (2 * v - 1) * ground.half[1], z * ground.rise);
      point.project(camera);
      return [((point.x + 1) / 2) * size.width, ((1 - point.y) / 2) * size.height];
    },
    close() {
      scene.traverse((thing) => {
        if (!(thing instanceof Mesh)) return;
        thing.geometry.dispose();
        thing.material.dispose();
      });
      texture.dispose();
      renderer.dispose();
      renderer.forceContextLoss();
    },
  };
}

function topOf(ground: Ground, texture: CanvasTexture): Mesh {
  const { positions, places, triangles } = surface(ground);
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(positions, 3));
  geometry.setAttribute("uv", new BufferAttribute(places, 2));
  geometry.setIndex(new BufferAttribute(triangles, 1));
  geometry.computeVertexNormals();
  return new Mesh(geometry, new MeshLambertMaterial({ map: texture, side: DoubleSide }));
}

function wallsOf(ground: Ground, color: string): Mesh {
  const { positions, triangles } = walls(ground, FOOT);
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(positions, 3));
  geometry.setIndex(new BufferAttribute(triangles, 1));
  geometry.computeVertexNormals();
  return new Mesh(geometry, new MeshLambertMaterial({ color, side: DoubleSide, flatShading: true }));
}

/** Red balls, and white ones a little larger of which only the inside is drawn: a rim from wherever one looks. */
function ballsOf(radius: number, hikers: number, colors: MountainColors): [InstancedMesh, InstancedMesh] {
  const ball = new SphereGeometry(radius, 24, 16);
  const rim = new SphereGeometry(1.3 * radius, 24, 16);
  const red = new MeshLambertMaterial({ color: colors.dot, emissive: colors.dot, emissiveIntensity: 0.55 });
  const white = new MeshBasicMaterial({ color: colors.rim, side: BackSide });
  const meshes: [InstancedMesh, InstancedMesh] = [
    new InstancedMesh(ball, red, hikers),
    new InstancedMesh(rim, white, hikers),
  ];
  // Balls move, and their bounds with them: they are never left out.
  for (const mesh of meshes) mesh.frustumCulled = false;
  return meshes;
}

function standingOn(ground: Ground, u: number, v: number, lift: number): [number, number, number] {
  return [(2 * u - 1) * ground.half[0], (2 * v - 1) * ground.half[1], heightAt(ground, u, v) + lift];
}

// The map's script put this one into a script element of its own and takes the way in from there: no global name.
export type Open = typeof open;
(document.currentScript as HTMLScriptElement & { open?: Open }).open = open;

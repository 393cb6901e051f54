// Mouse, touch and keys that turn the mountain. Where the eye stands is kept by whoever listens.

/** Radians around, radians up, and a factor for the distance. */
export type Turn = (around: number, above: number, zoom: number) => void;

const KEYS: Record<string, [number, number, number]> = {
  ArrowLeft: [-0.12, 0, 1],
  ArrowRight: [0.12, 0, 1],
  ArrowUp: [0, 0.08, 1],
  ArrowDown: [0, -0.08, 1],
  "+": [0, 0, 1 / 1.15],
  "=": [0, 0, 1 / 1.15],
  "-": [0, 0, 1.15],
};

/** Listen on the mountain's canvas; one finger or the mouse turns, two fingers or the wheel zoom. */
export function listenForTurns(canvas: HTMLCanvasElement, turn: Turn): void {
  const pointers = new Map<number, { x: number; y: number }>();
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const apart = spread(pointers);
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (pointers.size > 1) turn(0, 0, apart / (spread(pointers) || 1));
    else turn(-0.008 * (event.clientX - before.x), 0.006 * (event.clientY - before.y), 1);
  });
  for (const end of ["pointerup", "pointercancel"] as const) {
    canvas.addEventListener(end, (event) => pointers.delete(event.pointerId));
  }
  // The wheel belongs to the page until someone has clicked into the mountain.
  canvas.addEventListener(
    "wheel",
    (event) => {
      if ((canvas.getRootNode() as ShadowRoot).activeElement !== canvas) return;
      event.preventDefault();
      turn(0, 0, Math.exp(0.0012 * event.deltaY));
    },
    { passive: false },
  );
  canvas.addEventListener("keydown", (event) => {
    const move = event.ctrlKey || event.altKey || event.metaKey ? undefined : KEYS[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    turn(...move);
  });
}

function spread(pointers: Map<number, { x: number; y: number }>): number {
  const [a, b] = pointers.values();
  return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
}

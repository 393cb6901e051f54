// Which key means what. Nothing is done here.

export type Command =
  | { do: "toggle" }
  | { do: "step"; frames: number }
  | { do: "seek"; frame: number }
  | { do: "choose"; by: number }
  | { do: "let go" }
  | { do: "mountain" };

export interface Press {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
}

/** What a key asks for, where the focus lies on something of this kind; null when it is not ours to answer. */
export function commandFor(press: Press, focused: { tag: string; type?: string | null }): Command | null {
  if (press.ctrlKey || press.altKey || press.metaKey) return null;
  const { tag, type } = focused;
  // These have keys of their own.
  if (
    tag === "SELECT" ||
    tag === "TEXTAREA" ||
    (tag === "INPUT" && type !== "range" && type !== "checkbox")
  ) {
    return null;
  }
  const pressable = tag === "BUTTON" || tag === "SUMMARY" || tag === "A" || type === "checkbox";
  const far = press.shiftKey ? 10 : 1;
  switch (press.key) {
    case " ":
      return pressable ? null : { do: "toggle" };
    case "ArrowRight":
      return { do: "step", frames: far };
    case "ArrowLeft":
      return { do: "step", frames: -far };
    case "Home":
      return { do: "seek", frame: 0 };
    case "End":
      return { do: "seek", frame: Infinity };
    case "ArrowDown":
      return { do: "choose", by: 1 };
    case "ArrowUp":
      return { do: "choose", by: -1 };
    case "Escape":
      return { do: "let go" };
    case "m":
    case "M":
      return { do: "mountain" };
    default:
      return null;
  }
}

/** The next hiker in turn; from none to the first or the last, and past the ends around. */
export function nextHiker(chosen: number, by: number, hikers: number): number {
  if (!hikers) return -1;
  if (chosen < 0) return by > 0 ? 0 : hikers - 1;
  return (chosen + by + hikers) % hikers;
}

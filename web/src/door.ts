// The door to the mountain's script: finds it in the page, unpacks it and starts it, once, when first asked for.
import type { Open } from "./mountain/main";
import { inflate } from "./scene";

let opening: Promise<Open> | null = null;

// Pages with a content policy mark their scripts; what is started from here carries the same mark.
const nonce = document.currentScript?.nonce;

/** The way into the mountain; fails where the page does not carry it. */
export function mountainScript(): Promise<Open> {
  return (opening ??= start());
}

async function start(): Promise<Open> {
  const packed = document.querySelector('script[data-talweg="mountain"]')?.textContent;
  if (!packed) throw new Error("this page does not carry the mountain");
  const others = "__THREE__" in window;
  const script: HTMLScriptElement & { open?: Open } = document.createElement("script");
  if (nonce) script.nonce = nonce;
  script.textContent = new TextDecoder().decode(await inflate(packed.trim()));
  document.head.append(script);
  script.remove();
  // Three.js leaves its version in the page; the page is not ours to leave things in.
  if (!others) delete (window as { __THREE__?: string }).__THREE__;
  if (!script.open) throw new Error("the mountain's script did not start");
  return script.open;
}

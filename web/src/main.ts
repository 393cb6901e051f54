// The element <talweg-landscape>: finds its data inside itself and shows them, apart from the page around it.
import { h } from "./dom";
import { WrongVersion, VERSION, unpackScene, type Packed } from "./scene";
import css from "./landscape.css?inline";
import { LandscapeView } from "./view";
import { fill, wordsFor } from "./words";

class LandscapeElement extends HTMLElement {
  private view: LandscapeView | null = null;

  connectedCallback(): void {
    // While the page is still being read, the data inside may not be there yet.
    if (document.readyState === "loading") {
      document.addEventListener("DOMContentLoaded", () => void this.open(), { once: true });
    } else {
      void this.open();
    }
  }

  disconnectedCallback(): void {
    this.view?.close();
    this.view = null;
    this.shadowRoot?.replaceChildren();
    document.removeEventListener("keydown", this.pressed);
  }

  private async open(): Promise<void> {
    const data = this.querySelector('script[type="application/json"]')?.textContent;
    if (!this.isConnected || this.view || !data) return;
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
    const lang = (this.closest("[lang]") as HTMLElement | null)?.lang || "en";
    try {
      if (typeof DecompressionStream === "undefined") throw new TypeError(wordsFor(lang).oldBrowser);
      const scene = await unpackScene(JSON.parse(data) as Packed);
      if (!this.isConnected || this.view) return;
      this.view = new LandscapeView(scene, lang);
      root.replaceChildren(this.view.element);
      document.addEventListener("keydown", this.pressed);
    } catch (error) {
      root.replaceChildren(h("p", { role: "alert" }, `${wordsFor(lang).unreadable} ${reason(error, lang)}.`));
    }
  }

  /** A page with one map alone is played by the space bar from anywhere. */
  private readonly pressed = (event: KeyboardEvent): void => {
    if (event.target !== document.body || document.querySelectorAll(this.localName).length > 1) return;
    this.view?.pressedOutside(event);
  };
}

function reason(error: unknown, lang: string): string {
  if (error instanceof WrongVersion) {
    return fill(wordsFor(lang).otherVersion, { version: String(error.version), expected: VERSION });
  }
  return error instanceof Error ? error.message : String(error);
}

if (!customElements.get("talweg-landscape")) customElements.define("talweg-landscape", LandscapeElement);

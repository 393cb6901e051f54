// The page's own words in the reader's language. Text that comes with a scene is not translated.
import catalogs from "../../src/talweg/view/static/words.json";
import type { Outcome } from "./style";

export type Words = (typeof catalogs)["en"];
export type Word = keyof Words;

/** The catalog for a language tag such as "de-CH"; English for languages that have none. */
export function wordsFor(lang: string): Words {
  const name = lang.toLowerCase().split("-")[0];
  return name in catalogs ? catalogs[name as keyof typeof catalogs] : catalogs.en;
}

/** A sentence with its `{gaps}` filled; a gap without a filling stays as it is. */
export function fill(sentence: string, gaps: Record<string, string | number>): string {
  return sentence.replace(/\{(\w+)\}/g, (gap, name: string) => String(gaps[name] ?? gap));
}

/** The name of a frame ("step", "epoch") in the reader's language, or as the scene gives it. */
export function frameName(words: Words, label: string): string {
  return label === "step" || label === "epoch" ? words[label] : label;
}

/** A kind of outcome in the reader's language, or as the scene calls it. */
export function kindName(words: Words, kind: Outcome, named: Record<string, string> = {}): string {
  const name = named[kind] ?? words[kind];
  return name === catalogs.en.stopped ? words.stopped : name;
}

/** A word at the beginning of a line; a formula such as f(x, y) stays as it is. */
export function capital(text: string): string {
  if (!/^\p{L}{2}/u.test(text)) return text;
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}

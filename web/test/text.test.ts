import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";

import catalogs from "../../src/talweg/view/static/words.json";
import { formatNumber, formatPoint } from "../src/numbers";
import { letter, markOf, outcomeOf } from "../src/style";
import { capital, fill, frameName, kindName, wordsFor } from "../src/words";
import contract from "./contract.json";

test.each([
  [0, "0"],
  [-1.91332, "−1.913"],
  [100000, "100000"],
  [1234567, "1.235·10⁶"],
  [1e-12, "10⁻¹²"],
  [-1e20, "−10²⁰"],
  [0.00012346, "0.0001235"],
  [Infinity, "∞"],
  [-Infinity, "−∞"],
  [NaN, "–"],
  [null, "–"],
])("%s reads as %s", (value, text) => expect(formatNumber(value, "en")).toBe(text));

test("in German the comma is the decimal mark, and points keep their parts apart", () => {
  expect(formatNumber(1.5, "de")).toBe("1,5");
  expect(formatPoint([1.5, -2], 8, "de")).toBe("(1,5; −2)");
  expect(formatPoint([1.5, -2], 8, "en")).toBe("(1.5, −2)");
});

test("a place is told as finely as the plane is wide", () => {
  expect(formatPoint([-1.30644, 6.8e-5], 8, "en")).toBe("(−1.306, 0)");
  expect(formatPoint([-1.30644e-4, 6.8e-5], 8e-4, "en")).toBe("(−0.0001306, 6.8·10⁻⁵)");
  expect(formatPoint(null, 8, "en")).toBe("–");
});

test("both catalogs have the same words with the same gaps", () => {
  const gaps = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();
  expect(Object.keys(catalogs.de)).toEqual(Object.keys(catalogs.en));
  for (const [name, text] of Object.entries(catalogs.en)) {
    expect(gaps(catalogs.de[name as keyof typeof catalogs.de]), name).toEqual(gaps(text));
  }
});

test("every word of the catalog is said somewhere", () => {
  const sources = readdirSync("src")
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(`src/${name}`, "utf8"))
    .join("\n");
  // Named by what they stand for: outcomes, frames, and the one that Python says.
  const derived = [
    "arrived",
    "saddle",
    "walking",
    "diverged",
    "left",
    "undefined",
    "step",
    "epoch",
    "noScript",
  ];
  for (const name of Object.keys(catalogs.en)) {
    if (!derived.includes(name)) expect(sources, name).toMatch(new RegExp(`\\b${name}\\b`));
  }
});

test("languages fall back to English, and dialects to their language", () => {
  expect(wordsFor("de-CH").play).toBe("Abspielen");
  expect(wordsFor("fr").play).toBe("Play");
});

test("sentences are filled, and unknown gaps stay to be seen", () => {
  expect(fill("{frame} {at} of {last}", { frame: "Step", at: 0, last: 9 })).toBe("Step 0 of 9");
  expect(fill("{nothing}", {})).toBe("{nothing}");
});

test("words begin large, formulas stay", () => {
  expect(capital("training loss")).toBe("Training loss");
  expect(capital("f(x, y)")).toBe("f(x, y)");
  expect(frameName(wordsFor("de"), "epoch")).toBe("Epoche");
  expect(frameName(wordsFor("de"), "round")).toBe("round");
});

test("an outcome has the scene's own word if it has one, in the reader's language where that is known", () => {
  const [en, de] = [wordsFor("en"), wordsFor("de")];
  const named = contract.packed.kindWords;
  expect(kindName(en, "arrived", named)).toBe("stopped by its rule");
  expect(kindName(de, "arrived", named)).toBe(de.stopped);
  expect(kindName(de, "walking", named)).toBe(de.walking);
  expect(kindName(de, "arrived", { arrived: "asleep" })).toBe("asleep");
  expect(kindName(en, "arrived")).toBe("arrived");
});

test("letters go on after Z; unknown outcomes and marks have a look as well", () => {
  expect([0, 25, 26, 51, 52].map(letter)).toEqual(["A", "Z", "AA", "AZ", "BA"]);
  expect(outcomeOf("gone fishing")).toBe("walking");
  expect(markOf("unknown")).toBe(markOf("local"));
});

test("the lock file says which packages, and no address to get them from", () => {
  expect(readFileSync("package-lock.json", "utf8")).not.toContain("://");
});

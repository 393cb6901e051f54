// A build step: each built script begins with the licenses of the libraries inside it.
import { readFileSync } from "node:fs";

import type { Plugin } from "vite";

const MARK = "/node_modules/";

export function withLicenses(): Plugin {
  return {
    name: "with-licenses",
    enforce: "post",
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === "chunk") file.code = `/*!\n${licenses(file.moduleIds)}*/\n${file.code}`;
      }
    },
  };
}

/** License texts of all packages that modules come from; a text that several share stands once, under all of them. */
function licenses(modules: string[]): string {
  const folders = new Map<string, string>();
  for (const id of modules) {
    const at = id.lastIndexOf(MARK);
    if (at < 0) continue;
    const name = id.slice(at + MARK.length).match(/^(@[^/]+\/)?[^/]+/)![0];
    folders.set(name, id.slice(0, at + MARK.length) + name);
  }
  const owners = new Map<string, string[]>();
  for (const [name, folder] of [...folders].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const text = readFileSync(`${folder}/LICENSE`, "utf8").trim().replaceAll("*/", "* /");
    const holder = text.match(/^Copyright .*$/m)?.[0] ?? "";
    const terms = text.replace(holder, "").trim();
    owners.set(terms, [...(owners.get(terms) ?? []), `${name}: ${holder}`]);
  }
  return [...owners]
    .map(([terms, names]) => `${names.join("\n")}\n\n${terms.replace(/\n{3,}/g, "\n\n")}\n`)
    .join("\n---\n\n");
}

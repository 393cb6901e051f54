// Two scripts, each whole in itself: the map, and the mountain that is started only when someone opens it.
import { defineConfig } from "vitest/config";

import { withLicenses } from "./licenses";

export default defineConfig(({ mode }) => ({
  plugins: [withLicenses()],
  build: {
    outDir: "../src/talweg/view/static",
    emptyOutDir: false,
    target: "es2022",
    // Browsers that follow the reader's choice of light or dark by themselves.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    modulePreload: false,
    reportCompressedSize: false,
    lib: {
      entry: mode === "mountain" ? "src/mountain/main.ts" : "src/main.ts",
      formats: ["iife"],
      name: "talweg",
      fileName: () => `${mode}.js`,
    },
  },
  test: { include: ["test/**/*.test.ts"] },
}));

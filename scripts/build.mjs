// Bundles the program: what `bottle start` loads is then a few files instead of two hundred, which halves the time until it
// does something. Types are checked by `npm run check`, not here.
import { chmodSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");
const dist = join(root, "dist");

rmSync(dist, { recursive: true, force: true });
await build({
  entryPoints: { main: join(root, "src/main.ts"), warden: join(root, "src/warden/main.ts") },
  outdir: dist,
  bundle: true,
  splitting: true,
  platform: "node",
  format: "esm",
  target: "node20.19",
  minifySyntax: true,
  sourcemap: "linked",
  sourcesContent: false,
  legalComments: "linked",
  // Native code cannot be bundled; it is loaded only for interactive bottles.
  external: ["@lydell/node-pty"],
  // Libraries in CommonJS ask for Node's own modules through `require`.
  banner: {
    js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);',
  },
  logLevel: "warning",
});
// What runs inside containers: one text that depends on nothing, given to whatever Node is there.
await build({
  entryPoints: { guest: join(root, "src/guest/main.ts") },
  outdir: dist,
  outExtension: { ".js": ".cjs" },
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node18",
  minify: true,
  logLevel: "warning",
});
chmodSync(join(dist, "main.js"), 0o755);

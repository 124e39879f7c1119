// Bundles the program: what `bottle start` loads is then one file instead of two hundred, which halves the time until it
// does something. Types are checked by `npm run check`, not here.
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");
const dist = join(root, "dist");

rmSync(dist, { recursive: true, force: true });
const common = { bundle: true, platform: "node", format: "cjs", target: "node20.19", logLevel: "warning" };
// The thread that searches large bodies: a text in the program, see `src/detect/background/thread-text.ts`.
const thread = await build({
  ...common,
  entryPoints: [join(root, "src/detect/background/thread.ts")],
  minify: true,
  charset: "ascii",
  legalComments: "none", // those of the program name the same packages
  write: false,
});
const moduleUrl = { name: "moduleUrl", value: 'require("node:url").pathToFileURL(__filename).href' };
// The program is one script, for which V8's compiled code can be kept (`src/launch.ts`). Names stay: they are what a stack
// trace of a fault says.
const { metafile } = await build({
  ...common,
  entryPoints: { bottle: join(root, "src/main.ts") },
  outdir: dist,
  entryNames: "[name]-[hash]",
  outExtension: { ".js": ".cjs" },
  minifySyntax: true,
  minifyWhitespace: true,
  lineLimit: 160,
  charset: "ascii",
  sourcemap: "linked",
  sourcesContent: false,
  legalComments: "linked",
  metafile: true,
  define: { "import.meta.url": moduleUrl.name, SCAN_THREAD: JSON.stringify(thread.outputFiles[0].text) },
  banner: { js: `const ${moduleUrl.name}=${moduleUrl.value};` },
  // Native code cannot be bundled; it is loaded only for interactive bottles. The last one is for sources that run by themselves.
  external: ["@lydell/node-pty", "esbuild"],
});
const program = Object.keys(metafile.outputs).find((path) => path.endsWith(".cjs"));
await build({
  ...common,
  entryPoints: { main: join(root, "src/launch.ts") },
  outdir: dist,
  define: { PROGRAM: JSON.stringify(basename(program)), "import.meta.dirname": "__dirname" },
});
writeFileSync(join(dist, "package.json"), '{ "type": "commonjs" }\n');
// What runs inside containers: one text that depends on nothing, given to whatever Node is there.
await build({
  ...common,
  entryPoints: { guest: join(root, "src/guest/main.ts") },
  outdir: dist,
  outExtension: { ".js": ".cjs" },
  target: "node18",
  minify: true,
});
chmodSync(join(dist, "main.js"), 0o755);

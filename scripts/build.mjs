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
// What few runs load has a file of its own: reading and placing it is a good part of what a start does before it does anything.
const apart = new Map();
for (const name of ["zod", "re2js", "@clack/prompts"]) {
  const { metafile } = await build({
    ...common,
    stdin: { contents: `export * from ${JSON.stringify(name)};`, resolveDir: root },
    outdir: dist,
    entryNames: `${name.replace(/\W+/g, "-").replace(/^-/, "")}-[hash]`,
    outExtension: { ".js": ".cjs" },
    minify: true,
    charset: "ascii",
    legalComments: "none",
    metafile: true,
  });
  apart.set(name, `./${basename(Object.keys(metafile.outputs)[0])}`);
}
const keepApart = {
  name: "keep-apart",
  setup: (plugins) =>
    plugins.onResolve({ filter: /^(zod|re2js|@clack\/prompts)$/ }, ({ path }) => ({
      path: apart.get(path),
      external: true,
    })),
};
const moduleUrl = { name: "moduleUrl", value: 'require("node:url").pathToFileURL(__filename).href' };
// The program is one script, for which V8's compiled code can be kept (`src/launch.ts`). It is the function that Node makes of
// a module, written out: put around it later, V8 would copy all of the text. Names stay: they are what a stack trace of a fault
// says.
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
  banner: { js: `(function(exports,require,module,__filename,__dirname){const ${moduleUrl.name}=${moduleUrl.value};` },
  footer: { js: "})" },
  plugins: [keepApart],
  supported: { "dynamic-import": false }, // a script of ours has none; what it loads late is required late
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

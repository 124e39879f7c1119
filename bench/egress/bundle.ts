import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");

/** Bundles a program as releases are, thread included: what loads sources one by one takes memory and time of its own. */
export async function bundle(file: string, folder: string): Promise<string> {
  const { build } = await import("esbuild"); // what is bundled here has none
  const common = { bundle: true, platform: "node", target: "node20.19", logLevel: "warning" } as const;
  const thread = await build({
    ...common,
    entryPoints: [join(ROOT, "src/detect/background/thread.ts")],
    format: "cjs",
    minify: true,
    write: false,
  });
  const outfile = join(folder, "bench.mjs");
  await build({
    ...common,
    entryPoints: [file],
    outfile,
    format: "esm",
    external: ["esbuild"],
    define: { SCAN_THREAD: JSON.stringify(thread.outputFiles[0]?.text) },
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  return outfile;
}

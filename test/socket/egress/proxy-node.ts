import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { run } from "../../../src/base/process.ts";

const VERSION = "24.21.0";
/** Time for its 25 MB, `ms`; less than the time of the test, so that it is told what took it. */
const FETCH_MS = 120_000;
const CACHE = resolve(import.meta.dirname, "../../../.cache/nodes");

/** The packages of npm that hold nothing but Node, by architecture, and what each must be. */
const INTEGRITY: Readonly<Record<string, string>> = {
  x64: "3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
  arm64: "FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
};

/** The path of a Node whose `fetch` reads the proxy variables: the running one, or one fetched from npm once. */
export async function findProxyNode(): Promise<string> {
  if (process.allowedNodeEnvironmentFlags.has("--use-env-proxy")) return process.execPath;
  const integrity = process.platform === "linux" ? INTEGRITY[process.arch] : undefined;
  if (integrity === undefined) throw new Error(`no Node ${VERSION} is known for ${process.platform} ${process.arch}`);
  const home = join(CACHE, `${VERSION}-${process.arch}`);
  const node = join(home, "package/bin/node");
  const there = await stat(node).catch(() => undefined);
  if (there === undefined) await fetchNode(home, integrity);
  return node;
}

async function fetchNode(home: string, integrity: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, "new-"));
  const name = `node-linux-${process.arch}`;
  try {
    const env = { ...process.env, PATH: `${dirname(process.execPath)}:/usr/bin:/bin` };
    const pack = ["npm", "pack", "--loglevel=error", "--fetch-retries=1", `${name}@${VERSION}`] as const;
    const packed = await run(pack, { env, cwd: folder, timeoutMs: FETCH_MS });
    if (packed.exit.kind !== "code" || packed.exit.code !== 0) throw new Error(`npm pack ${name}: ${packed.stderr}`);
    const file = join(folder, `${name}-${VERSION}.tgz`);
    const hash = createHash("sha512")
      .update(await readFile(file))
      .digest("base64");
    if (hash !== integrity) throw new Error(`${name}@${VERSION} is not what it was: sha512-${hash}`);
    const unpacked = await run(["tar", "-xzf", file, "-C", folder, "package/bin/node"], { env });
    if (unpacked.stderr !== "") throw new Error(`tar: ${unpacked.stderr}`);
    await rm(file);
    // Whole or not at all; another run may have been quicker.
    await rename(folder, home).catch(async (error: unknown) => {
      if ((await stat(home).catch(() => undefined)) === undefined) throw error;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

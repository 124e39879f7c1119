#!/usr/bin/env node
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import Module from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { Script } from "node:vm";
import { makePaths } from "./base/paths.ts";

// The program is one script, run from what V8 compiled of it the last time: a third of a start would else be compiling. It
// is what `module.enableCompileCache` does from Node 22 on, for one file of our own and kept with our own files. Whoever can
// write them can write manifests too, which is why no bottle may have them as its workspace.

/** The name of the bundle beside this file, which tells its content; written in by the build. */
declare const PROGRAM: string;

const DAYS_KEPT = 30;
const program = join(import.meta.dirname, PROGRAM);

run();

function run(): void {
  const cache = findCache();
  const compiled = cache === undefined ? undefined : readCache(cache);
  const script = new Script(readFileSync(program, "latin1"), {
    filename: program,
    ...(compiled === undefined ? {} : { cachedData: compiled }),
  });
  if (cache !== undefined && (compiled === undefined || script.cachedDataRejected === true)) {
    // At the end, when V8 has compiled what this command needs; a dry run creates nothing, this included.
    process.once("exit", (code) => {
      if (code === 0 && !process.argv.includes("--dry-run")) writeCache(cache, script.createCachedData());
    });
  }
  const module = { exports: {} };
  script.runInThisContext()(module.exports, Module.createRequire(program), module, program, import.meta.dirname);
}

type Cache = { readonly folder: string; readonly file: string };

/** Where the compiled program is kept; undefined where there is no place for it, or none is wanted. */
function findCache(): Cache | undefined {
  if (process.env["NODE_DISABLE_COMPILE_CACHE"] === "1") return undefined;
  try {
    const folder = join(makePaths(process.env, homedir()).cache, "compiled");
    const command = process.argv[2] === "start" ? "start" : "other";
    return { folder, file: join(folder, `${PROGRAM}-${command}-${process.version}-${process.arch}`) };
  } catch {
    return undefined; // no home folder; the program says so where it matters
  }
}

/** What V8 kept, when it is a file that nobody else could have written. */
function readCache({ file }: Cache): Buffer | undefined {
  try {
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { uid, mode } = fstatSync(descriptor);
      const isOurs = uid === process.getuid?.() && (mode & 0o777) === 0o600;
      return isOurs ? readFileSync(descriptor) : undefined;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}

/** Best effort: whatever prevents it costs the next start some milliseconds. */
function writeCache({ folder, file }: Cache, compiled: Buffer): void {
  const temporary = `${file}.${process.pid}`;
  try {
    // One by one: below /proc, Node's recursive way never comes back.
    for (const path of [dirname(dirname(folder)), dirname(folder), folder]) {
      if (!existsSync(path)) mkdirSync(path, { mode: 0o700 });
    }
    writeFileSync(temporary, compiled, { mode: 0o600, flag: "wx" });
    renameSync(temporary, file);
    removeOld(folder);
  } catch {
    rmSync(temporary, { force: true });
  }
}

/** Those of earlier versions, of this program or of Node. */
function removeOld(folder: string): void {
  const oldest = Date.now() - DAYS_KEPT * 24 * 3600 * 1000;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).mtimeMs < oldest) rmSync(path, { force: true });
  }
}

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { ERROR_CODES } from "../src/base/error-codes.ts";

const ROOT = resolve(import.meta.dirname, "..");
const SRC = join(ROOT, "src");

/** Rooms by layer: a room imports only lower layers, and rooms of layer 2 do not import each other. */
const LAYERS: Readonly<Record<string, number>> = {
  base: 0,
  manifest: 1,
  plan: 1,
  detect: 1,
  secrets: 2,
  images: 2,
  backends: 2,
  providers: 2,
  egress: 2,
  "git-gate": 2,
  supervise: 2,
  journal: 2,
  bottles: 2,
  workspace: 2,
  terminal: 2,
  guest: 2,
  warden: 3,
  lifecycle: 3,
  cli: 4,
  tui: 4,
  web: 4,
};

/** Imports between rooms of the same layer that are meant, as `from → to` with an optional file. */
const ALLOWED: readonly { readonly from: string; readonly to: string }[] = [
  { from: "plan", to: "manifest" },
  { from: "*", to: "journal/event.ts" },
  { from: "backends", to: "images" },
  // The port, not a backend: what a terminal inside looks like from outside.
  { from: "terminal", to: "backends/backend.ts" },
  { from: "lifecycle", to: "warden" },
  // The question and its answer, not the queue: who asks does not know who is asked.
  { from: "egress", to: "supervise/hold.ts" },
  { from: "git-gate", to: "supervise/hold.ts" },
];

/** Rooms that the screens must not reach around the lifecycle for. */
const CLOSED_TO_SCREENS = ["backends", "egress", "git-gate", "supervise", "warden", "workspace", "secrets"];

/** Rooms that may import files of the system directly. */
const FILE_ROOMS = ["base", "journal", "bottles", "workspace", "backends", "images", "guest", "secrets", "providers"];
const SOCKETS = ["node:net", "node:http", "node:https", "node:tls", "node:http2", "node:dgram"];
const SOCKET_PLACES = [
  "egress/",
  "git-gate/",
  "supervise/",
  "web/",
  "warden/",
  "guest/",
  "images/registry/",
  "backends/local/listen",
  "backends/local/output-pipes.ts",
  "backends/docker/socket/",
  "backends/link.ts",
  "backends/smolmachines/canary-listener.ts",
  "backends/smolmachines/control.ts",
  "lifecycle/demo/",
];

const sources = walk(SRC).filter((file) => file.endsWith(".ts"));
const production = sources.filter((file) => !file.endsWith(".test.ts"));
const tests = [
  ...sources.filter((file) => file.endsWith(".test.ts")),
  ...walk(join(ROOT, "test")).filter((file) => file.endsWith(".ts")),
];

describe("shape of the code", () => {
  test.each(production.map((file) => [relative(SRC, file), file]))("%s has at most 300 lines", (name, file) => {
    if (isTable(name)) return;
    expect(linesOf(file)).toBeLessThanOrEqual(300);
  });

  test("the median file has at most 100 lines", () => {
    const sizes = production.map(linesOf).sort((a, b) => a - b);
    expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThanOrEqual(100);
  });

  test("no file is a drawer or a barrel", () => {
    const drawers = production.filter((file) =>
      /(^|[/-])(util|utils|helper|helpers|common|misc|manager|service|index)(\.ts|\/)/.test(relative(SRC, file)),
    );
    expect(drawers).toEqual([]);
  });

  test("every room is known to the table of layers", () => {
    const rooms = new Set(
      production.map((file) => roomOf(relative(SRC, file))).filter((room) => !room.endsWith(".ts")),
    );
    expect([...rooms].filter((room) => LAYERS[room] === undefined)).toEqual([]);
  });
});

describe("directions", () => {
  test("a room imports only lower layers, and none of its own layer", () => {
    expect(
      importsOf(production)
        .filter(({ from, to }) => !isAllowed(from, to))
        .map(show),
    ).toEqual([]);
  });

  test("one backend never imports another", () => {
    const crossing = importsOf(production).filter(({ from, to }) => {
      const [a, b] = [from.match(/^backends\/([^/]+)\//)?.[1], to.match(/^backends\/([^/]+)\//)?.[1]];
      return a !== undefined && b !== undefined && a !== b;
    });
    expect(crossing.map(show)).toEqual([]);
  });

  test("a stage of egress never imports a later one", () => {
    const backwards = importsOf(production).filter(({ from, to }) => {
      const [a, b] = [from.match(/^egress\/(\d)-/)?.[1], to.match(/^egress\/(\d)-/)?.[1]];
      return a !== undefined && b !== undefined && Number(b) > Number(a);
    });
    expect(backwards.map(show)).toEqual([]);
  });

  test("screens reach the work only through the lifecycle", () => {
    const around = importsOf(production).filter(
      ({ from, to }) =>
        LAYERS[roomOf(from)] === 4 && CLOSED_TO_SCREENS.includes(roomOf(to)) && to !== "backends/backend.ts",
    );
    expect(around.map(show)).toEqual([]);
  });

  test("files, sockets and the process are touched only where the table says", () => {
    const strays = production.flatMap((file) => {
      const name = relative(SRC, file);
      // What the agent of the demo runs is text to us: its `process` is one inside a bottle.
      if (
        ["launch.ts", "main.ts", "warden/main.ts", "lifecycle/demo/attempts.ts"].includes(name) ||
        name.startsWith("guest/")
      )
        return [];
      const text = readFileSync(file, "utf8");
      const found: string[] = [];
      if (/from "node:fs(\/promises)?"/.test(text) && !FILE_ROOMS.includes(roomOf(name))) found.push("node:fs");
      if (
        SOCKETS.some((module) => opensSockets(text, module)) &&
        !SOCKET_PLACES.some((place) => name.startsWith(place))
      )
        found.push("sockets");
      if (
        /(?<![\w.])process\.(env|argv|exit|on|cwd|stdout|stderr|stdin|pid|getuid|kill|platform)\b/.test(
          stripComments(text),
        )
      )
        found.push("process");
      return found.map((what) => `${name}: ${what}`);
    });
    expect(strays).toEqual([]);
  });

  test("no module keeps state of its own", () => {
    expect(
      production.filter(
        (file) => relative(SRC, file) !== "main.ts" && /^(export )?let /m.test(readFileSync(file, "utf8")),
      ),
    ).toEqual([]);
  });
});

describe("errors", () => {
  const thrown = production
    .filter((file) => !file.endsWith("error-codes.ts"))
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");

  test.each(Object.keys(ERROR_CODES))("%s is used and documented", (code) => {
    const documented = readFileSync(join(ROOT, "docs/ERRORS.md"), "utf8").includes(`\`${code}\``);
    expect({ used: thrown.includes(`"${code}"`), documented }).toEqual({ used: true, documented: true });
  });
});

describe("tests", () => {
  test("none is focused, retried, slept through or mocks a module", () => {
    const self = join(ROOT, "test/architecture.test.ts");
    const bad = tests.filter(
      (file) =>
        file !== self &&
        /\b(test|it|describe)\.only\b|retry:|vi\.mock\(|waitForTimeout/.test(readFileSync(file, "utf8")),
    );
    expect(bad.map((file) => relative(ROOT, file))).toEqual([]);
  });

  test("every claim of the threat model has a test of its name, and every such test is a claim", () => {
    const text = readFileSync(join(ROOT, "docs/THREAT_MODEL.md"), "utf8");
    const claims = [...text.matchAll(/`test\/security\/([a-z0-9-]+)\.test\.ts`/g)].map((match) => match[1]);
    const files = readdirSync(join(ROOT, "test/security"))
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => name.replace(".test.ts", ""));
    // The page also names the file that runs all others once more, which is no claim of its own.
    expect([...new Set(claims)].sort()).toEqual(files.sort());
  });
});

type Import = { readonly from: string; readonly to: string };

/** Asking what kind of address a text is opens nothing. */
function opensSockets(text: string, module: string): boolean {
  const names = [...text.matchAll(new RegExp(`^import (type )?(.*) from "${module}"`, "gm"))];
  return names.some(
    ([, type, what]) =>
      type === undefined &&
      !/^\{ (isIP|isIPv4|isIPv6|BlockList)(, (isIP|isIPv4|isIPv6|BlockList))* \}$/.test(what ?? ""),
  );
}

function importsOf(files: readonly string[]): readonly Import[] {
  return files.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)].map((match) => ({
      from: relative(SRC, file),
      to: relative(SRC, resolve(dirname(file), match[1] ?? "")),
    })),
  );
}

function isAllowed(from: string, to: string): boolean {
  const [a, b] = [roomOf(from), roomOf(to)];
  if (from === "main.ts" || from === "launch.ts" || a === b || to.startsWith("..")) return true;
  if (ALLOWED.some((one) => (one.from === "*" || one.from === a) && (one.to === b || one.to === to))) return true;
  return (LAYERS[b] ?? 9) < (LAYERS[a] ?? 0);
}

function show({ from, to }: Import): string {
  return `${from} → ${to}`;
}

function roomOf(name: string): string {
  return name.split("/")[0] ?? name;
}

function isTable(name: string): boolean {
  return /\/(syscalls-|.*-table)[^/]*\.ts$/.test(name);
}

function linesOf(file: string): number {
  return readFileSync(file, "utf8").trimEnd().split("\n").length;
}

function stripComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
}

function walk(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

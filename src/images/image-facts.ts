import { join } from "node:path";
import { BottleError } from "../base/errors.ts";
import { makePrivateFolder, readTextIfThere, writeAtomically } from "../base/files.ts";
import { parseJsonObject } from "../base/parse-json.ts";
import { type Engine, engineFailure, engineWords, succeeded } from "./engine.ts";
import { type ImageId, shortImageId } from "./image-id.ts";

/** What a bottle must know of its image before it runs anything of it. */
export type ImageFacts = {
  /** Whose Node runs the main process: the image's own, or ours mounted read-only */
  readonly node: "image" | "ours";
  /** Whether `/home/node` belongs to user 1000, so that a new volume does too */
  readonly home: boolean;
  /** Whether user 1000 has a name */
  readonly user: boolean;
};

const VERSION = 1;
const OLDEST_NODE = 18;
const DEADLINE_MS = 60_000;
/** Exit code of `run` when it was the engine that failed, and nothing of the image ran */
const REFUSED = 125;

const LOOK = [
  "command -v tar >/dev/null && echo tar=yes",
  'echo "node=$(node --version 2>/dev/null)"',
  'echo "home=$(stat -c %u /home/node 2>/dev/null)"',
  'grep -q "^node:[^:]*:1000:" /etc/passwd 2>/dev/null && echo user=yes',
  "true",
].join("\n");

/**
 * Looks into an image, once: what has the same content has the same answer. Throws `image/not-usable` with the reason, and
 * `image/engine-failed` where the engine did not even begin.
 */
export async function readImageFacts(
  engine: Engine,
  image: ImageId,
  own: {
    readonly cacheFolder: string;
    readonly nodePath: string;
    readonly nodeTarget: string;
    readonly mayMount: boolean;
  },
): Promise<ImageFacts> {
  const file = join(own.cacheFolder, `docker-image-${shortImageId(image)}.json`);
  const known = parseImageFacts((await readTextIfThere(file).catch(() => undefined)) ?? "");
  if (known !== undefined && (known.node === "image" || own.mayMount)) return known;
  const facts = await lookInside(engine, image, own);
  try {
    await makePrivateFolder(own.cacheFolder);
    await writeAtomically(file, `${JSON.stringify({ version: VERSION, ...facts })}\n`);
  } catch {} // a cache that cannot be written costs time only
  return facts;
}

/** What a file of the cache says; undefined for one that another version wrote. */
export function parseImageFacts(text: string): ImageFacts | undefined {
  const value = parseJsonObject(text);
  if (value === undefined || value["version"] !== VERSION) return undefined;
  const { node, home, user } = value;
  if ((node !== "image" && node !== "ours") || typeof home !== "boolean" || typeof user !== "boolean") return undefined;
  return { node, home, user };
}

async function lookInside(
  engine: Engine,
  image: ImageId,
  own: { readonly nodePath: string; readonly nodeTarget: string; readonly mayMount: boolean },
): Promise<ImageFacts> {
  const looked = await runIn(engine, image, [], "sh", ["-c", LOOK]);
  if (!looked.ok)
    throw notUsable(image, `it has no shell that runs: ${looked.words}`, "build it on an image with sh and tar");
  const said = new Map(
    looked.out.split("\n").map((line) => [line.split("=", 1).join(), line.slice(line.indexOf("=") + 1)]),
  );
  if (!said.has("tar")) throw notUsable(image, "it has no tar", "install tar in its Dockerfile");
  const facts = { home: said.get("home") === "1000", user: said.has("user") };
  const major = Number(/^v(\d+)\./.exec(said.get("node") ?? "")?.[1]);
  if (major >= OLDEST_NODE) return { node: "image", ...facts };
  if (!own.mayMount) {
    throw notUsable(image, `it has no Node ${OLDEST_NODE} or newer, and this engine cannot be given ours`, INSTALL);
  }
  const target = own.nodeTarget;
  const mount = ["--mount", `type=bind,source=${own.nodePath},target=${target},readonly`];
  const tried = await runIn(engine, image, mount, target, ["--version"]);
  if (tried.ok) return { node: "ours", ...facts };
  const why = `it has no Node ${OLDEST_NODE} or newer, and the one of this machine does not run on its C library: ${tried.words}`;
  throw notUsable(image, why, INSTALL);
}

const INSTALL =
  "install Node in its Dockerfile, as the package of its distribution or by COPY --from=node:22-bookworm-slim";

async function runIn(
  engine: Engine,
  image: ImageId,
  more: readonly string[],
  program: string,
  args: readonly string[],
) {
  const { exit, stdout, stderr } = await engine.run(
    [
      ...["run", "--rm", "--pull", "never", "--network", "none", "--user", "1000:1000", "--cap-drop", "ALL"],
      ...["--security-opt", "no-new-privileges", "--read-only", ...more, "--entrypoint", program, image, ...args],
    ],
    { timeoutMs: DEADLINE_MS },
  );
  if (exit.kind === "code" && exit.code === REFUSED) {
    throw engineFailure(engine, `the image ${shortImageId(image)} cannot be looked into`, stderr);
  }
  return { ok: succeeded(exit), out: stdout.toString("utf8"), words: engineWords(stderr) };
}

function notUsable(image: ImageId, why: string, hint: string): BottleError {
  return new BottleError("image/not-usable", `the image ${shortImageId(image)} cannot carry a bottle: ${why}`, {
    hint,
  });
}

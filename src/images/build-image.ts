import { join } from "node:path";
import { BottleError } from "../base/errors.ts";
import { makeTemporaryFolder, readTextIfThere, removeTree } from "../base/files.ts";
import { startProcess } from "../base/process.ts";
import { dropColours, type Engine, engineWords, explainWords, isNoise } from "./engine.ts";
import { findImage } from "./find-image.ts";
import { type ImageId, parseImageId } from "./image-id.ts";

/** What an image is built from. */
export type ImageRecipe = {
  /** The Dockerfile; one folder may hold several */
  readonly dockerfile: string;
  /** Folder whose files it may copy */
  readonly context: string;
  readonly tag: string;
  /** Build arguments, public */
  readonly args: Readonly<Record<string, string>>;
};

/** Label of every image of ours. */
export const IMAGE_LABEL = "bot-bottle.image";

/** How a build is watched and stopped. */
export type BuildWatch = {
  readonly signal: AbortSignal | undefined;
  /** Called with each line that the builder prints, of which an unchanged build has few and a new one many */
  readonly onLine: ((line: string) => void) | undefined;
};

const MOST_WORDS = 64 * 1024;

/** The words of a build: the file and the folder are named, so that one folder may hold several Dockerfiles; pure. */
export function makeBuildArgs(recipe: ImageRecipe, idFile: string): readonly string[] {
  return [
    "build",
    "--force-rm", // the classic builder keeps the container of a step that failed
    ...[
      "--file",
      recipe.dockerfile,
      "--tag",
      recipe.tag,
      "--iidfile",
      idFile,
      "--label",
      `${IMAGE_LABEL}=${recipe.tag}`,
    ],
    ...Object.entries(recipe.args).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
    recipe.context,
  ];
}

/**
 * Builds an image and gives back its content id; the engine's cache makes an unchanged build cheap, and an id that is `known`
 * is not asked about again. Throws `image/build-failed` with the builder's own words.
 */
export async function buildImage(
  engine: Engine,
  recipe: ImageRecipe,
  watch: BuildWatch,
  known?: ImageId,
): Promise<ImageId> {
  const folder = await makeTemporaryFolder("bottle-build-");
  try {
    const idFile = join(folder, "id");
    const { code, words } = await runBuild(engine, makeBuildArgs(recipe, idFile), watch);
    watch.signal?.throwIfAborted();
    if (code === 0) return await resolveId(engine, recipe, parseImageId((await readTextIfThere(idFile)) ?? ""), known);
    const last = engineWords(words) || `the builder ended with ${code}`;
    throw new BottleError("image/build-failed", `${recipe.dockerfile} could not be built:\n${last}`, {
      hint:
        explainWords(engine.command, last) ??
        `correct it, or try it alone: ${engine.command} build -f ${recipe.dockerfile} ${recipe.context}`,
    });
  } finally {
    await removeTree(folder);
  }
}

/**
 * What the engine itself calls the image: one that keeps images in containerd knows them by another digest than some builders
 * tell (https://github.com/docker/buildx/pull/3952), and a builder that exports tells none.
 */
async function resolveId(
  engine: Engine,
  { dockerfile, tag }: ImageRecipe,
  told: ImageId | undefined,
  known: ImageId | undefined,
): Promise<ImageId> {
  if (told !== undefined && told === known) return told;
  const id = (told && (await findImage(engine, told))) ?? (await findImage(engine, tag));
  if (id !== undefined) return id;
  throw new BottleError("image/build-failed", `${dockerfile} was built, and the engine has no image of it`, {
    hint: "unless somebody removed it meanwhile, a builder of its own keeps it to itself: unset BUILDX_BUILDER",
  });
}

type Built = { readonly code: number | undefined; readonly words: string };

/** Both outputs are shown and neither is parsed: the id comes in a file of its own. */
function runBuild(engine: Engine, args: readonly string[], { signal, onLine }: BuildWatch): Promise<Built> {
  return new Promise((resolve, reject) => {
    const child = startProcess([engine.command, ...args], { env: engine.env, stdio: ["ignore", "pipe", "pipe"] });
    let words = "";
    for (const stream of [child.stdout, child.stderr]) {
      let rest = "";
      stream?.on("data", (chunk: Buffer) => {
        const text = chunk.toString("utf8");
        words = (words + text).slice(-MOST_WORDS);
        const lines = (rest + text).split("\n");
        rest = (lines.pop() ?? "").slice(-MOST_WORDS);
        for (const line of lines.map(dropColours)) if (!isNoise(line)) onLine?.(line);
      });
    }
    const stop = () => child.kill("SIGTERM");
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
    child.once("error", (cause) =>
      reject(new BottleError("process/not-found", `${engine.command} could not be started`, { cause })),
    );
    child.once("close", (code) => {
      signal?.removeEventListener("abort", stop);
      resolve({ code: code ?? undefined, words });
    });
  });
}

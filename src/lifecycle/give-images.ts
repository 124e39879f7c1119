import type { Guest } from "../backends/backend.ts";
import { readBoundedBytes } from "../base/files.ts";
import type { Journal } from "../journal/open-journal.ts";

/** Larger ones no model takes. */
const MOST_BYTES = 20 * 1024 * 1024;
const MOST_IMAGES = 20;
/** What is typed waits meanwhile, Ctrl-C included; `ms` */
const MOST_MS = 3_000;
const PUT = ["sh", "-c", 'mkdir -p "$(dirname "$1")" && cat >"$1"', "sh"];

/** How images begin: a file of another kind never follows from a name alone. */
const BEGINNINGS: readonly RegExp[] = [/^\x89PNG\r\n\x1a\n/, /^\xff\xd8\xff/, /^GIF8[79]a/, /^RIFF[\s\S]{4}WEBP/];

/** Where images go: a folder inside, of the home because `/tmp` may be each command's own; and what numbers them. */
export type ImagePlace = { readonly folder: string; nextNumber(): number };

/**
 * Copies image files that the operator dropped on the terminal of a guest into it, and returns their paths there. Undefined
 * when one of them is no image that can be read, or cannot be put there: then none is named.
 */
export async function giveImages(
  guest: Guest,
  journal: Journal,
  place: ImagePlace,
  paths: readonly string[],
): Promise<readonly string[] | undefined> {
  if (paths.length > MOST_IMAGES) return undefined;
  const contents = await Promise.all(paths.map((path) => readBoundedBytes(path, MOST_BYTES)));
  const images = contents.filter((content) => content !== undefined && isImage(content));
  if (images.length < paths.length) return undefined;
  const given: string[] = [];
  for (const [index, content] of images.entries()) {
    const name = `${place.nextNumber()}-${harmlessName(paths[index] ?? "")}`;
    const path = `${place.folder}/${name}`;
    if (!(await put(guest, path, content))) return undefined;
    given.push(path);
    await journal.write({ kind: "image-given", name, bytes: content?.length ?? 0 });
  }
  return given;
}

function isImage(content: Buffer): boolean {
  const beginning = content.toString("latin1", 0, 16);
  return BEGINNINGS.some((pattern) => pattern.test(beginning));
}

function harmlessName(path: string): string {
  return path
    .slice(path.lastIndexOf("/") + 1)
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .slice(-60);
}

/** By a command inside, so that nothing outside writes into a folder that is the agent's. */
async function put(guest: Guest, path: string, content: Buffer | undefined): Promise<boolean> {
  const putting = await guest.exec({ argv: [...PUT, path], env: new Map(), cwd: "/", terminal: undefined });
  if (putting.kind !== "pipes") return false;
  putting.stdin.on("error", () => {}); // its exit tells
  putting.stdin.end(content);
  putting.stdout.resume();
  putting.stderr.resume();
  const late = setTimeout(() => putting.kill("SIGKILL"), MOST_MS);
  const exit = await putting.exit.finally(() => clearTimeout(late));
  return exit.kind === "code" && exit.code === 0;
}

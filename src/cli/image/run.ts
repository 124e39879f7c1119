import { renderColumns } from "../../base/columns.ts";
import { EXIT_CODES } from "../../base/exit-codes.ts";
import { showHarmlessly } from "../../base/plain-text.ts";
import { makeStyle } from "../../base/style.ts";
import { buildImages, findPrunable, listImages, pruneImages } from "../../lifecycle/manage-images.ts";
import { renderBytes } from "../../plan/render-amount.ts";
import type { CommandContext } from "../context.ts";
import type { ImageFlags, PruneFlags } from "./command.ts";

type Images = Awaited<ReturnType<typeof listImages>>;

/** Prints every image of ours, newest first. */
export async function runImageList(context: CommandContext, flags: ImageFlags): Promise<number> {
  const images = await listImages(context);
  if (flags.json) printJson(context, images);
  else
    context.stdout.write(
      images.length === 0 ? "no images; `bottle image build` makes them\n" : render(context, images),
    );
  return EXIT_CODES.ok.code;
}

/** Builds images with the builder's own words on standard error, and prints their names and ids. */
export async function runImageBuild(context: CommandContext, flags: ImageFlags, ...names: string[]): Promise<number> {
  const built = await buildImages(context, names, (line) => {
    if (line.trim() !== "") context.stderr.write(`${showHarmlessly(line)}\n`);
  });
  if (flags.json) printJson(context, built);
  else for (const { tag, id } of built) context.stdout.write(`${tag} ${id}\n`);
  return EXIT_CODES.ok.code;
}

/** Removes what is not needed any more; exit 1 when something could not be. */
export async function runImagePrune(context: CommandContext, flags: PruneFlags): Promise<number> {
  const images = await findPrunable(context, flags.all === true);
  const kept = flags.dryRun ? [] : await pruneImages(context, images);
  const removed = flags.dryRun ? [] : images.filter((image) => !kept.some((one) => one.image === image));
  if (flags.json) printJson(context, { found: images, removed, kept });
  else {
    const bytes = renderBytes(images.reduce((sum, image) => sum + image.bytes, 0));
    if (images.length > 0) context.stdout.write(render(context, images));
    context.stdout.write(
      flags.dryRun ? `would remove ${images.length}, ${bytes} with what they share\n` : `removed ${removed.length}\n`,
    );
    for (const { image, why } of kept)
      context.stderr.write(`bottle: ${image.tags[0] ?? image.id}: ${showHarmlessly(why)}\n`);
  }
  return kept.length === 0 ? EXIT_CODES.ok.code : EXIT_CODES.failed.code;
}

function render(context: CommandContext, images: Images): string {
  const head = ["IMAGE", "ID", "SIZE", "BUILT"].map((text) => ({ text, tone: "faint" as const }));
  const rows = images.map(({ id, tags, bytes, created }) => [
    { text: tags.join(" ") || "(replaced)" },
    { text: id.slice("sha256:".length, "sha256:".length + 12) },
    { text: renderBytes(bytes) },
    { text: created.slice(0, 16).replace("T", " ") },
  ]);
  return `${renderColumns([head, ...rows], makeStyle(context.stdout, context.env), 120).join("\n")}\n`;
}

function printJson(context: CommandContext, value: unknown): void {
  context.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

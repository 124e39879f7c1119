import { renderColumns } from "../../base/columns.ts";
import { EXIT_CODES } from "../../base/exit-codes.ts";
import { showHarmlessly } from "../../base/plain-text.ts";
import { makeStyle } from "../../base/style.ts";
import { handOverImages } from "../../lifecycle/hand-over-images.ts";
import {
  buildImages,
  findPrunable,
  findPrunableArtifacts,
  listImages,
  listMachineImages,
  pruneArtifacts,
  pruneImages,
} from "../../lifecycle/manage-images.ts";
import { renderBytes } from "../../plan/render-amount.ts";
import type { CommandContext } from "../context.ts";
import type { BuildFlags, ImageFlags, PruneFlags } from "./command.ts";

type Machines = Awaited<ReturnType<typeof listMachineImages>>;
type Images = Awaited<ReturnType<typeof listImages>>;

/** Prints every image of ours, newest first. */
export async function runImageList(context: CommandContext, flags: ImageFlags): Promise<number> {
  const [images, machines] = await Promise.all([listImages(context), listMachineImages(context)]);
  if (flags.json) printJson(context, { images, machines });
  else {
    context.stdout.write(
      images.length === 0 ? "no images; `bottle image build` makes them\n" : render(context, images),
    );
    if (machines.length > 0) context.stdout.write(`\n${renderMachines(context, machines)}`);
  }
  return EXIT_CODES.ok.code;
}

/** Builds images with the builder's own words on standard error, and prints their names and ids. */
export async function runImageBuild(context: CommandContext, flags: BuildFlags, ...names: string[]): Promise<number> {
  const onLine = (line: string) => {
    if (line.trim() !== "") context.stderr.write(`${showHarmlessly(line)}\n`);
  };
  const built = await buildImages(context, names, onLine);
  const machines = flags.handOver && (await handOverImages(context, built, flags.handOver, onLine));
  if (flags.json) printJson(context, machines === undefined ? built : { images: built, machines });
  else {
    for (const { tag, id } of built) context.stdout.write(`${tag} ${id}\n`);
    for (const path of machines ?? []) context.stdout.write(`${path}\n`);
  }
  return EXIT_CODES.ok.code;
}

/** Removes what is not needed any more; exit 1 when something could not be. */
export async function runImagePrune(context: CommandContext, flags: PruneFlags): Promise<number> {
  const images = await findPrunable(context, flags.all === true);
  const { all = false, olderThan: olderThanMs, keep: keepBytes } = flags;
  const machines = await findPrunableArtifacts(context, { all, olderThanMs, keepBytes });
  if (!flags.dryRun) await pruneArtifacts(context, machines);
  const kept = flags.dryRun ? [] : await pruneImages(context, images);
  const removed = flags.dryRun ? [] : images.filter((image) => !kept.some((one) => one.image === image));
  if (flags.json) printJson(context, { found: images, removed, kept, machines });
  else {
    const bytes = renderBytes([...images, ...machines].reduce((sum, one) => sum + one.bytes, 0));
    if (images.length > 0) context.stdout.write(render(context, images));
    if (machines.length > 0) context.stdout.write(renderMachines(context, machines));
    const count = images.length + machines.length;
    context.stdout.write(
      flags.dryRun
        ? `would remove ${count}, ${bytes} with what they share\n`
        : `removed ${removed.length + machines.length}\n`,
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

function renderMachines(context: CommandContext, machines: Machines): string {
  const head = ["FOR MACHINES", "SIZE", "USED"].map((text) => ({ text, tone: "faint" as const }));
  const rows = machines.map(({ path, bytes, used }) => [
    { text: path.split("/").at(-1) ?? path },
    { text: renderBytes(bytes) },
    { text: used.toISOString().slice(0, 16).replace("T", " ") },
  ]);
  return `${renderColumns([head, ...rows], makeStyle(context.stdout, context.env), 120).join("\n")}\n`;
}

function printJson(context: CommandContext, value: unknown): void {
  context.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

import { type Cell, renderColumns } from "../base/columns.ts";
import { showHarmlessly } from "../base/plain-text.ts";
import type { Style, Tone } from "../base/style.ts";
import type { BottleStatus, ListedBottle } from "./list-bottles.ts";
import { renderAge } from "./render-age.ts";

/** How a list is shown. */
export type ListView = { readonly now: Date; readonly style: Style; readonly columns?: number | undefined };

const HEADINGS = ["SLUG", "LABEL", "BOTTLE", "BACKEND", "STATUS", "AGE", "FOLDER"] as const;
const TONES: Readonly<Record<BottleStatus, Tone>> = {
  running: "good",
  starting: "careful",
  ended: "plain",
  dead: "bad",
};

/** Bottles as a table for a person. */
export function renderList(bottles: readonly ListedBottle[], { now, style, columns }: ListView): string {
  if (bottles.length === 0) return "no bottles\n";
  const headings = HEADINGS.map((text): Cell => ({ text, tone: "faint" }));
  const rows = bottles.map((bottle) => makeRow(bottle, now));
  return `${renderColumns([headings, ...rows], style, columns).join("\n")}\n`;
}

/** Bottles as JSON for a program: a list of objects, null for what is not known. */
export function renderListJson(bottles: readonly ListedBottle[]): string {
  const list = bottles.map(({ slug, status, folders, record, damage }) => ({
    slug,
    status,
    label: record?.label ?? null,
    bottle: record?.bottle ?? null,
    agent: record?.agent ?? null,
    backend: record?.backend ?? null,
    source: record?.source ?? null,
    pid: record?.holder.pid ?? null,
    startedAt: record?.startedAt ?? null,
    endedAt: record?.endedAt ?? null,
    exitCode: record?.exitCode ?? null,
    results: record?.results ?? null,
    folder: folders.root,
    damage: damage ?? null,
  }));
  return `${JSON.stringify(list, undefined, 2)}\n`;
}

function makeRow({ slug, status, record, damage }: ListedBottle, now: Date): readonly Cell[] {
  const damaged = damage === undefined ? "" : `record not usable: ${damage}`;
  return [
    { text: slug, tone: "name" },
    { text: showHarmlessly(record?.label ?? "-") },
    { text: showHarmlessly(record?.bottle ?? "-") },
    { text: record?.backend ?? "-" },
    { text: status, tone: TONES[status] },
    { text: record === undefined ? "-" : renderAge(new Date(record.startedAt), now) },
    damaged === "" ? { text: showHarmlessly(record?.source ?? "-") } : { text: showHarmlessly(damaged), tone: "bad" },
  ];
}

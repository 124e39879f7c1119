import { parseSlug } from "../../base/ids.ts";
import { isJsonObject } from "../../base/parse-json.ts";
import type { GuestRef } from "../backend.ts";
import { LABELS } from "../labels.ts";

/** A machine as `machine ls --json` tells of it. */
export type Machine = {
  readonly name: string;
  readonly state: string;
  /** When it was made, seconds since 1970 */
  readonly created: number;
  readonly labels: ReadonlyMap<string, string>;
};

/** The machines of a list, or undefined for text that is none: another program. Keys that are not known are left alone. */
export function parseMachines(text: string): readonly Machine[] | undefined {
  const values = parseList(text);
  return values?.filter(isJsonObject).flatMap((value) => {
    const { name, state, created_at: created, labels } = value;
    if (typeof name !== "string") return [];
    const pairs = isJsonObject(labels) ? Object.entries(labels) : [];
    return [
      {
        name,
        state: typeof state === "string" ? state : "unknown",
        created: typeof created === "number" ? created : 0,
        labels: new Map(pairs.map(([key, one]) => [key, String(one)])),
      },
    ];
  });
}

function parseList(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The machines that are bottles of this home. */
export function findGuests(machines: readonly Machine[], mark: string): readonly GuestRef[] {
  return machines.flatMap(({ name, labels }) => {
    const slug = parseSlug(labels.get(LABELS.slug) ?? "");
    if (slug === undefined || labels.get(LABELS.home) !== mark) return [];
    return [{ backend: "smolmachines" as const, slug, detail: `machine ${name}` }];
  });
}

/** Whether a name was refused because a machine has it. */
export function isNameTaken(words: string): boolean {
  return /already exists/i.test(words);
}

/** Whether a start failed because of a port or file that a machine which just ended still holds. */
export function isStillBusy(words: string): boolean {
  return /address already in use|is already in use by/i.test(words);
}

/** Whether this smolvm has no option that shows a machine a socket of the host. */
export function lacksSockets(words: string): boolean {
  return /unexpected argument '--mount-socket'/i.test(words);
}

/** Whether there is no such machine. */
export function isUnknown(words: string): boolean {
  return /vm not found|machine '.*' not found/i.test(words);
}

import { join } from "node:path";
import { BottleError } from "../base/errors.ts";
import { LABELS } from "./bottle-folders.ts";

const LABEL = /^[a-z0-9][a-z0-9._-]{0,47}$/i;

/** The lock file of a label; labels that differ in case only share one. Throws when the text cannot be a label. */
export function makeLabelPath(state: string, label: string): string {
  if (LABEL.test(label)) return join(state, LABELS, label.toLowerCase());
  throw new BottleError("input/usage", `${JSON.stringify(label)} cannot be a label`, {
    hint: "use up to 48 letters, digits, dots, dashes and underscores, beginning with a letter or digit",
  });
}

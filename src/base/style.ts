import { styleText } from "node:util";

/** What a piece of text is, from which its colour follows. */
export type Tone = "plain" | "strong" | "faint" | "good" | "careful" | "bad" | "name";

/** Colours a piece of text, or leaves it as it is where colour is not wanted. */
export type Style = (tone: Tone, text: string) => string;

const FORMATS = {
  plain: "reset",
  strong: "bold",
  faint: "dim",
  good: "green",
  careful: "yellow",
  bad: "red",
  name: "cyan",
} as const satisfies Record<Tone, string>;

/** Leaves every text as it is. */
export const plainStyle: Style = (_tone, text) => text;

/** Colours every text. */
export const colorStyle: Style = (tone, text) =>
  tone === "plain" || text === "" ? text : styleText(FORMATS[tone], text, { validateStream: false });

/** The style for an output: colour on a terminal, unless `NO_COLOR` or `FORCE_COLOR` say otherwise. */
export function makeStyle(
  output: { readonly isTTY?: boolean | undefined },
  env: Readonly<Record<string, string | undefined>>,
): Style {
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined && forced !== "") return forced === "0" || forced === "false" ? plainStyle : colorStyle;
  if (env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "") return plainStyle;
  if (env["TERM"] === "dumb") return plainStyle;
  return output.isTTY === true ? colorStyle : plainStyle;
}

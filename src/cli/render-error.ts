import { BottleError } from "../base/errors.ts";
import { showLinesHarmlessly } from "../base/plain-text.ts";

/** An expected failure as one line and its hint; anything else as the fault of this program that it is. */
export function renderError(error: unknown, version: string): string {
  if (error instanceof BottleError) return renderExpected(error);
  if (error instanceof AggregateError && error.errors.every((one) => one instanceof BottleError)) {
    return error.errors.map((one: BottleError) => renderExpected(one)).join("\n");
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const lines = [
    "bottle: this is a fault of bot-bottle itself, not of what you typed.",
    detail,
    causeOf(error),
    `Please report it with the lines above and: bot-bottle ${version}.`,
  ];
  return showLinesHarmlessly(lines.filter((line) => line !== "").join("\n"));
}

/** The words of engines, images and names that an agent chose are among it. */
function renderExpected(error: BottleError): string {
  const hint = error.hint === undefined ? "" : `\n  hint: ${error.hint}`;
  return showLinesHarmlessly(`bottle: ${error.message} [${error.code}]${hint}`);
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error) || error.cause === undefined) return "";
  return `caused by: ${error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : String(error.cause)}`;
}

import { showHarmlessly } from "../base/plain-text.ts";

const MOST_LINES = 30;
const LONGEST_LINE = 400;
/** What git says on the way, which helps nobody */
const NOISE =
  /^(To |ControlSocket |mux_client_|hint: |Done$|Everything up-to-date|error: failed to push some refs|POST git-|[ *+!=-]\t)/;

/** What an upstream or ssh said, line by line, harmless to print and without the credential that `mask` knows. */
export function tellUpstreamWords(text: string, mask: (text: string) => string): readonly string[] {
  const lines = mask(text)
    .split(/[\r\n]+/)
    .map((line) => line.replace(/^remote: ?/, "").trimEnd())
    .filter((line) => line !== "" && !NOISE.test(line));
  return lines.slice(0, MOST_LINES).map((line) => showHarmlessly(line.slice(0, LONGEST_LINE)));
}

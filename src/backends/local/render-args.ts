import { BottleError } from "../../base/errors.ts";
import { SecretValue } from "../../base/secret-value.ts";

/** The bytes for `--args`: NUL-separated. The only place of this backend where a secret becomes text. */
export function renderArgs(args: readonly (string | SecretValue)[]): Buffer {
  const parts = args.map((arg) => {
    const text = arg instanceof SecretValue ? arg.expose("environment of the command, by descriptor") : arg;
    // a NUL would end this argument and begin one of the value's own choosing
    if (text.includes("\0"))
      throw new BottleError("launch/failed", `${String(arg).split("\0")[0]} contains a NUL byte`);
    return `${text}\0`;
  });
  return Buffer.from(parts.join(""));
}

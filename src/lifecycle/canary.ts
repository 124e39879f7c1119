import { randomInt } from "node:crypto";
import { SecretValue } from "../base/secret-value.ts";
import { CANARY } from "../detect/known-values.ts";
import type { SeedFile } from "../plan/planned-provider.ts";

/** A secret of no use, planted where somebody who looks for secrets looks: whoever sends it on has been through the home folder. */
export type Canary = { readonly secret: SecretValue; readonly files: readonly SeedFile[] };

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/**
 * Makes the canary of one bottle. It has the shape of a key that is worth stealing, in a profile that no program uses unasked.
 * It is in no variable: agents print those for good reasons, and a canary that sings for nothing ends their work.
 */
export function makeCanary(): Canary {
  const value = draw(LETTERS, 40);
  const content = [
    "[backup]",
    `aws_access_key_id = AKIA${draw(ID_LETTERS, 16)}`,
    `aws_secret_access_key = ${value}`,
    "",
  ];
  return {
    secret: new SecretValue(CANARY, value),
    files: [{ path: ".aws/credentials", content: content.join("\n"), mode: 0o600 }],
  };
}

function draw(letters: string, length: number): string {
  return Array.from({ length }, () => letters[randomInt(letters.length)]).join("");
}

import type { SecretRef } from "../manifest/bottle.ts";

/** Where a secret comes from, for a person. */
export function renderSecretRef(ref: SecretRef): string {
  switch (ref.kind) {
    case "env":
      return `$${ref.variable}`;
    case "file":
      return `the file ${ref.path}`;
    case "command":
      return `what ${ref.argv[0] ?? "a command"} prints`;
  }
}

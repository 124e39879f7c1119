import { parseHostPath } from "../host-path.ts";
import { quote } from "../quote.ts";
import { parseSecretRef, type WrittenSecretRef } from "../secret-ref.ts";
import type { KeyPath } from "../yaml-source.ts";
import type { Report, RuleFacts } from "./rule.ts";

/** Says so when a reference does not name one place. */
export function checkSecretRef(written: WrittenSecretRef, path: KeyPath, report: Report, facts: RuleFacts): void {
  if (parseSecretRef(written, facts.userHome) !== undefined) return;
  // Not quoted: what stands here by mistake may be the secret itself.
  const hint = "write NAME or env:NAME, file:/PATH or file:~/PATH, or a map with one key: command: [ARGV]";
  report.value(path, "manifest/bad-secret-ref", "this does not say where the secret is", hint);
}

/** Says so when a path of the host could mean different things in different folders. */
export function checkHostPath(written: string, path: KeyPath, report: Report, facts: RuleFacts): void {
  if (parseHostPath(written, facts.userHome) !== undefined) return;
  report.value(path, "manifest/bad-path", `${quote(written)} is not absolute`, "begin it with / or ~/");
}

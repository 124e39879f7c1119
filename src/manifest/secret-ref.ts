import type { SecretRef } from "./bottle.ts";
import { parseHostPath } from "./host-path.ts";

/** A reference as a person may write it. */
export type WrittenSecretRef =
  | string
  | {
      readonly env?: string | undefined;
      readonly file?: string | undefined;
      readonly command?: readonly string[] | undefined;
    };

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Where a secret comes from: `NAME` or `env:NAME`, `file:PATH`, `command: [ARGV]`; undefined for anything else. */
export function parseSecretRef(written: WrittenSecretRef, userHome: string): SecretRef | undefined {
  if (typeof written === "string") {
    if (written.startsWith("file:")) return fileRef(written.slice("file:".length).trim(), userHome);
    return envRef(written.startsWith("env:") ? written.slice("env:".length).trim() : written);
  }
  const { env, file, command } = written;
  const given = [env, file, command].filter((part) => part !== undefined);
  if (given.length !== 1) return undefined;
  if (env !== undefined) return envRef(env);
  if (file !== undefined) return fileRef(file, userHome);
  return command?.[0] ? { kind: "command", argv: command } : undefined;
}

function envRef(variable: string): SecretRef | undefined {
  return VARIABLE.test(variable) ? { kind: "env", variable } : undefined;
}

function fileRef(text: string, userHome: string): SecretRef | undefined {
  const path = parseHostPath(text, userHome);
  return path === undefined ? undefined : { kind: "file", path };
}

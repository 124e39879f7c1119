import type { KnownValue } from "../detect/known-values.ts";
import { isSecretLike } from "../detect/secret-like.ts";
import type { WardenSpec } from "./spec.ts";

/** What must not leave a bottle in any form: its credentials, and what it was given that looks like a secret. */
export function knownValuesOf(spec: Pick<WardenSpec, "egress" | "git" | "hidden">): readonly KnownValue[] {
  const routes = spec.egress.routes.flatMap(({ credential }) => credential ?? []);
  const remotes = (spec.git?.repos ?? []).flatMap(({ token }) => token ?? []);
  const credentials = [...routes, ...remotes];
  const given = spec.hidden.map((secret) => ({ name: secret.name, value: secret.expose("search what leaves") }));
  return [
    ...credentials.flatMap((secret) => partsOf(secret.name, secret.expose("search what leaves"))),
    ...given.filter(({ value }) => isSecretLike(value)),
  ];
}

/** `user:password` counts in both spellings. */
function partsOf(name: string, value: string): readonly KnownValue[] {
  const password = value.slice(value.indexOf(":") + 1);
  return password === value || !isSecretLike(password)
    ? [{ name, value }]
    : [
        { name, value },
        { name, value: password },
      ];
}

import { BottleError } from "../base/errors.ts";
import type { SecretValue } from "../base/secret-value.ts";
import type { PolicyRoute } from "../egress/policy.ts";
import type { Route, SecretRef } from "../manifest/bottle.ts";
import { type ResolvedSecret, resolveSecret, type SecretNeeds } from "../secrets/resolve-secret.ts";

/** Routes with their credentials, and what the operator should know about where those are kept. */
export type ResolvedRoutes = { readonly routes: readonly PolicyRoute[]; readonly warnings: readonly string[] };

/**
 * Resolves the credential of every route, each source once. Throws one `secret/missing` that tells everything that is
 * missing, never a value.
 */
export async function resolveCredentials(routes: readonly Route[], needs: SecretNeeds): Promise<ResolvedRoutes> {
  const found = new Map<string, ResolvedSecret>();
  const failures: BottleError[] = [];
  for (const { auth } of routes) {
    if (auth === undefined || found.has(keyOf(auth.tokenRef))) continue;
    try {
      found.set(keyOf(auth.tokenRef), await resolveSecret(nameOf(auth.tokenRef), auth.tokenRef, needs));
    } catch (error) {
      if (!(error instanceof BottleError)) throw error;
      failures.push(error);
    }
  }
  const unique = new Map(failures.map((failure) => [failure.message, failure]));
  throwAll([...unique.values()]);
  const credentialOf = ({ auth }: Route): SecretValue | undefined =>
    auth === undefined ? undefined : found.get(keyOf(auth.tokenRef))?.value;
  return {
    routes: routes.map((route) => ({ route, credential: credentialOf(route) })),
    warnings: [...found.values()].flatMap(({ warnings }) => warnings),
  };
}

function throwAll(failures: readonly BottleError[]): void {
  const [first, ...more] = failures;
  if (first === undefined) return;
  if (more.length === 0) throw first;
  const message = failures.map((failure) => failure.message).join("; ");
  throw new BottleError(first.code, message, first.hint === undefined ? {} : { hint: first.hint });
}

function keyOf(ref: SecretRef): string {
  return JSON.stringify(ref);
}

/** What a secret is called where it must not be shown. */
function nameOf(ref: SecretRef): string {
  switch (ref.kind) {
    case "env":
      return ref.variable;
    case "file":
      return ref.path;
    case "command":
      return ref.argv[0] ?? "command";
  }
}

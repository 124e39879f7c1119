import type { RouteAuth } from "../../manifest/bottle.ts";
import type { CompiledRoute } from "../2-route/compiled-policy.ts";
import { type Field, makeField } from "../wire/fields.ts";

/** The header that proves who is asking; read it only to write it to a verified server. */
export function makeCredentialField(compiled: CompiledRoute): Field | undefined {
  const { route, credential } = compiled;
  if (route.auth === undefined || credential === undefined) return undefined;
  const value = credential.expose("header of a request to a verified server");
  return makeField(route.auth.scheme === "header" ? route.auth.name : "Authorization", renderValue(route.auth, value));
}

/** What must not come back: the credential as it is kept, as it is sent, and as text formats would spell it. */
export function echoesOf(compiled: CompiledRoute): readonly Buffer[] {
  const { route, credential } = compiled;
  if (route.auth === undefined || credential === undefined) return [];
  const value = credential.expose("masking of echoes");
  const secret = route.auth.scheme === "basic" && value.includes(":") ? value.slice(value.indexOf(":") + 1) : value;
  const spellings = new Set<string>();
  for (const text of [value, secret, sentPart(route.auth, value)]) {
    spellings.add(text);
    spellings.add(encodeURIComponent(text));
    spellings.add(JSON.stringify(text).slice(1, -1));
    spellings.add(JSON.stringify(text).slice(1, -1).replaceAll("/", "\\/"));
    spellings.add(Buffer.from(text).toString("base64"));
    spellings.add(Buffer.from(text).toString("base64url"));
    spellings.add(Buffer.from(text).toString("hex"));
  }
  return [...spellings].filter((text) => text.length >= MIN_ECHO).map((text) => Buffer.from(text, "latin1"));
}

/** Masking a very short value would destroy ordinary text and show where it stands. */
const MIN_ECHO = 6;

function renderValue(auth: RouteAuth, value: string): string {
  switch (auth.scheme) {
    case "Bearer":
      return `Bearer ${value}`;
    case "token":
      return `token ${value}`;
    case "basic":
    case "header":
      return auth.scheme === "basic" ? `Basic ${sentPart(auth, value)}` : value;
  }
}

/** `basic` takes `user:password`; a bare token becomes the password of the user that git servers expect. */
function sentPart(auth: RouteAuth, value: string): string {
  if (auth.scheme !== "basic") return value;
  return Buffer.from(value.includes(":") ? value : `x-access-token:${value}`).toString("base64");
}

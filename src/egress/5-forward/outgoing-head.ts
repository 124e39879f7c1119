import type { Destination } from "../1-accept/destination.ts";
import type { CompiledRoute } from "../2-route/compiled-policy.ts";
import { readsReplies } from "../2-route/reply-policy.ts";
import { makeCredentialField } from "../4-credential/outgoing-credential.ts";
import type { AgentRoute } from "../policy.ts";
import { renderAuthority } from "../wire/authority.ts";
import { type Field, type Fields, listOf, makeField } from "../wire/fields.ts";
import { withoutHopByHop } from "../wire/hop-by-hop.ts";
import { renderHead } from "../wire/render-head.ts";
import type { RequestHead } from "../wire/request-head.ts";
import { type CompanyProxy, proxyAuthorization } from "./company-proxy.ts";

const REPLACED: ReadonlySet<string> = new Set([
  ...["host", "content-length", "expect", "proxy-authorization", "sec-websocket-extensions"],
]);
/** What a compressed message says cannot be screened: the extension is not offered to the server. */
const UNENCODED: ReadonlySet<string> = new Set(["accept-encoding"]);

/** A request that may go out. */
export type Outgoing = {
  readonly head: RequestHead;
  readonly destination: Destination;
  readonly compiled: CompiledRoute;
  /** Fields after the client's own credentials were dealt with */
  readonly fields: Fields;
};

/**
 * The head for the server, the route's credential last. Where answers are read, for echoes of the credential or for orders
 * to the agent, they are asked for unencoded. Throws when a credential would travel without TLS.
 */
export function renderOutgoingHead(outgoing: Outgoing, through: CompanyProxy | undefined): Buffer {
  const { head, destination, compiled } = outgoing;
  const { to, scheme, path, query } = destination;
  const credential = makeCredentialField(compiled);
  if (credential !== undefined && scheme !== "https") throw new Error("a credential is never sent without TLS");
  const host = renderAuthority(to, scheme === "https" ? 443 : 80);
  const rest = withoutHopByHop(outgoing.fields).filter(
    (field) => !REPLACED.has(field.lower) && !(readsReplies(compiled) && UNENCODED.has(field.lower)),
  );
  const target = `${through === undefined ? "" : `http://${host}`}${path}${query === undefined ? "" : `?${query}`}`;
  return renderHead(`${head.method} ${target} HTTP/1.1`, [
    makeField("Host", host),
    ...withListed(rest, compiled.agent?.lists ?? []),
    ...framingFields(head),
    ...(through === undefined ? [] : proxyAuthorization(through)),
    ...(readsReplies(compiled) ? [makeField("Accept-Encoding", "identity")] : []),
    ...(credential === undefined ? [] : [credential]),
  ]);
}

/** The fields, with each value in the header that must list it. */
function withListed(fields: readonly Field[], lists: AgentRoute["lists"]): readonly Field[] {
  const all = [...fields];
  for (const { name, value } of lists) {
    const lower = name.toLowerCase();
    if (listOf(all, lower).includes(value.toLowerCase())) continue;
    const at = all.findIndex((field) => field.lower === lower);
    const there = all[at];
    if (there === undefined) all.push(makeField(name, value));
    else all[at] = makeField(there.name, `${there.value},${value}`);
  }
  return all;
}

function framingFields(head: RequestHead): readonly Field[] {
  const fields: Field[] = [];
  if (head.framing.kind === "length") fields.push(makeField("Content-Length", String(head.framing.bytes)));
  if (head.framing.kind === "chunked") fields.push(makeField("Transfer-Encoding", "chunked"));
  if (head.expectsContinue) fields.push(makeField("Expect", "100-continue"));
  if (head.upgrade !== undefined) fields.push(makeField("Connection", "Upgrade"), makeField("Upgrade", head.upgrade));
  return fields;
}

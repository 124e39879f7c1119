import type { CompiledRoute } from "../2-route/compiled-policy.ts";
import type { EgressPolicy } from "../policy.ts";
import { makeRefusal, type Refusal } from "../refusal.ts";
import type { Lookup } from "../server/lookup.ts";
import type { Authority } from "../wire/authority.ts";
import type { AddressClass } from "./address-class.ts";

/** Addresses that may be dialled, best first; exactly these and no others. */
export type Addresses = { readonly kind: "addresses"; readonly list: readonly Endpoint[] };

/** An address and a port. */
export type Endpoint = { readonly address: string; readonly port: number };

/** What finding addresses needs. */
export type AddressNeeds = {
  readonly resolve: EgressPolicy["resolve"];
  readonly lookup: Lookup;
  readonly classify: (address: string) => AddressClass;
};

/** Where a host is dialled: what the operator's config says, else what the warden's resolver says and the rules permit. */
export async function findAddresses(
  to: Authority,
  compiled: CompiledRoute,
  needs: AddressNeeds,
): Promise<Addresses | Refusal> {
  const { host, port } = to;
  const pinned = findPinned(to, needs.resolve);
  if (pinned !== undefined) return { kind: "addresses", list: [pinned] };
  const found = host.kind === "name" ? await needs.lookup(host.text) : [host.text];
  if (found.length === 0) {
    return makeRefusal(
      "egress/name-not-found",
      "resolver",
      `${host.text} has no address`,
      "check the spelling of the host",
    );
  }
  const { allowPrivate } = compiled.route;
  const permitted = found.filter((address) => {
    const kind = needs.classify(address);
    return kind === "public" || (kind === "private" && allowPrivate);
  });
  if (permitted.length === 0) return refusePrivate(compiled, host.text);
  return { kind: "addresses", list: permitted.map((address) => ({ address, port })) };
}

/** The operator's own endpoint for a name, if the config has one. */
export function findPinned(to: Authority, resolve: EgressPolicy["resolve"]): Endpoint | undefined {
  return resolve.find((entry) => entry.name.toLowerCase() === to.host.text);
}

/** The refusal of an address that is not on the public internet. */
export function refusePrivate(compiled: CompiledRoute, host: string): Refusal {
  const message = `${host} leads to a private, loopback or link-local address`;
  const hint = "this is refused on purpose; the operator can name it in config.yaml `resolve` or set `allow_private`";
  return makeRefusal("egress/private-address", `${compiled.route.host}: allow_private`, message, hint);
}

import { BlockList, isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";

/** How far an address may be trusted to be what its name promises. */
export type AddressClass = "public" | "private" | "never";

type Subnet = readonly [network: string, prefix: number];

/** Networks that a route may open with `allow_private`. */
const PRIVATE: readonly Subnet[] = [
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["::1", 128],
  ["fc00::", 7],
];

/** Networks that no route opens: this host, metadata services, groups, documentation, reserved. */
const NEVER: readonly Subnet[] = [
  ["0.0.0.0", 8],
  ["100.100.100.200", 32],
  ["168.63.129.16", 32], // the machine's own host at Azure: public by its number only
  ["169.254.0.0", 16],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
  ["fd00:ec2::254", 128],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

const GLOBAL_IPV6: Subnet = ["2000::", 3];

/**
 * Gives the class of an address. Of IPv6 only global unicast is public: mapped, translated and scoped ones are not. What
 * this machine itself is reached at is private, whatever network that is from: a firewall does not see such a connection.
 */
export function makeAddressClassifier(own = ownAddresses): (address: string) => AddressClass {
  const never = makeList(NEVER);
  const inner = makeList(PRIVATE);
  const global = makeList([GLOBAL_IPV6]);
  return (address) => {
    const family = isIPv4(address) ? "ipv4" : "ipv6";
    if (address.includes("%") || isEmbedded(address, family) || never.check(address, family)) return "never";
    if (inner.check(address, family)) return "private";
    if (family === "ipv6" && !global.check(address, family)) return "never";
    return makeList(own().map((one) => [one, isIPv4(one) ? 32 : 128])).check(address, family) ? "private" : "public";
  };
}

function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
}

/** A dotted quad inside IPv6 would be checked by `BlockList` as IPv4 in some versions and not in others. */
function isEmbedded(address: string, family: "ipv4" | "ipv6"): boolean {
  return family === "ipv6" && (address.includes(".") || address.toLowerCase().startsWith("::ffff:"));
}

function makeList(subnets: readonly Subnet[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of subnets) list.addSubnet(network, prefix, isIPv4(network) ? "ipv4" : "ipv6");
  return list;
}

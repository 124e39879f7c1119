import { expect, test } from "vitest";
import { attack, ERRNO } from "../fixtures/attack.ts";
import { WHO } from "../fixtures/local-bottle.ts";

test(`as ${WHO}: only ordinary socket families can be opened`, async () => {
  const results = await attack();
  for (const name of ["unix", "inet", "inet6", "netlink-route"]) expect(results.get(`socket-${name}`)).toBe("ok");
  const refused = `packet vsock alg key xdp bluetooth tipc can rds netlink-audit netlink-generic
    netlink-netfilter`.split(/\s+/);
  for (const name of refused) expect([name, results.get(`socket-${name}`)]).toEqual([name, ERRNO.EAFNOSUPPORT]);
  expect(results.get("socketpair-tipc")).toBe(ERRNO.EAFNOSUPPORT);
  expect(results.get("socket-inet-raw")).toBe(ERRNO.EPERM);
  expect(results.get("socket-inet6-raw")).toBe(ERRNO.EPERM);
  for (const name of ["inet-icmp", "inet-sctp", "inet-mptcp", "inet-udplite"])
    expect([name, results.get(`socket-${name}`)]).toEqual([name, ERRNO.EPROTONOSUPPORT]);
  for (const name of ["inet6-sctp", "inet-dccp", "inet6-dccp"])
    expect([name, results.get(`socket-${name}`)]).toEqual([name, ERRNO.ESOCKTNOSUPPORT]);
});

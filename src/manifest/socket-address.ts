import { parseIpv4, parseIpv6 } from "./ip-address.ts";

/** An address and a port. */
export type SocketAddress = { readonly address: string; readonly port: number };

/** `127.0.0.1:4873` or `[::1]:443` taken apart, or undefined if the text is neither. */
export function parseSocketAddress(text: string): SocketAddress | undefined {
  const [, six, four, digits] = /^(?:\[([^[\]]+)\]|([0-9.]+)):([1-9][0-9]{0,4})$/.exec(text) ?? [];
  const address = six === undefined ? parseIpv4(four ?? "") : parseIpv6(six);
  const port = Number(digits);
  return address === undefined || port > 65535 ? undefined : { address, port };
}

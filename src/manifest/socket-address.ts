import { isIP } from "node:net";

/** An address and a port. */
export type SocketAddress = { readonly address: string; readonly port: number };

/** `127.0.0.1:4873` or `[::1]:443` taken apart, or undefined if the text is neither. */
export function parseSocketAddress(text: string): SocketAddress | undefined {
  const [, six, four, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):([1-9][0-9]{0,4})$/.exec(text) ?? [];
  const port = Number(digits);
  if (six !== undefined && isIP(six) === 6 && port <= 65535) {
    return { address: new URL(`http://[${six}]/`).hostname.slice(1, -1), port };
  }
  return four !== undefined && isIP(four) === 4 && port <= 65535 ? { address: four, port } : undefined;
}

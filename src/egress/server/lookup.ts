import { lookup } from "node:dns/promises";

/** Asks for all addresses of a name; empty when there are none. */
export type Lookup = (name: string) => Promise<readonly string[]>;

/** The machine's own resolver, `/etc/hosts` included. */
export const systemLookup: Lookup = async (name) => {
  try {
    const found = await lookup(name, { all: true });
    return found.map((entry) => entry.address);
  } catch {
    return []; // every failure means the same to the caller: this name leads nowhere
  }
};

import type { Holder } from "./holder.ts";

const NAME = /^[a-z.-]+?-(\d{1,10})-((?:[0-9a-f]{2})+)-\w{6}$/;

/** The start of a temporary name that tells which process it is for; six random characters end it, as `mkdtemp` adds. */
export function makeTemporaryPrefix(what: string, { pid, startTicks }: Holder): string {
  return `${what}-${pid}-${Buffer.from(startTicks).toString("hex")}-`;
}

/** The process that something temporary is for, if its name tells one. */
export function parseTemporaryHolder(what: string, name: string): Holder | undefined {
  const [, pid, ticks] = (name.startsWith(`${what}-`) && NAME.exec(name)) || [];
  if (pid === undefined || ticks === undefined) return undefined;
  return { pid: Number(pid), startTicks: Buffer.from(ticks, "hex").toString() };
}

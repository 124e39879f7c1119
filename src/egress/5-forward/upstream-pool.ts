import type { Channel } from "../server/channel.ts";

/** Connections that wait for their next request. */
export type UpstreamPool = {
  /** A live idle connection, if there is one. */
  take(key: string): Channel | undefined;
  /** Keeps a connection for `idleMs`; it goes at once when the far side closes it or says something unasked. */
  put(key: string, channel: Channel, idleMs: number): void;
  readonly size: number;
};

type Idle = { readonly channel: Channel; readonly until: number; readonly forget: () => void };

/** How often connections that waited long enough are looked for, `ms`; a timer of its own for each would cost every request two */
const SWEEP_MS = 1_000;

/** One host may have them all: an agent with many requests at once would else open a new connection for most of them. */
const IN_ALL = 256;

/** Makes an empty pool; when it is full, the connection that has waited longest goes. */
export function makeUpstreamPool(): UpstreamPool {
  const idle = new Map<string, Idle[]>();
  const byAge = new Set<Idle>();
  const remove = (key: string, entry: Idle): void => {
    const list = idle.get(key);
    const at = list?.indexOf(entry) ?? -1;
    if (list === undefined || at === -1) return;
    list.splice(at, 1);
    byAge.delete(entry);
    if (list.length === 0) idle.delete(key);
  };
  let sweeping = false;
  const sweep = (): void => {
    const now = performance.now();
    for (const { channel, until } of [...byAge]) if (until <= now) channel.destroy();
    sweeping = byAge.size > 0;
    if (sweeping) setTimeout(sweep, SWEEP_MS).unref();
  };
  return {
    get size() {
      return byAge.size;
    },
    take: (key) => {
      for (let entry = idle.get(key)?.at(-1); entry !== undefined; entry = idle.get(key)?.at(-1)) {
        entry.forget();
        remove(key, entry);
        const { channel, until } = entry;
        if (!channel.closed && !channel.ended && channel.buffered === 0 && performance.now() < until) return channel;
        channel.destroy();
      }
      return undefined;
    },
    put: (key, channel, idleMs) => {
      const list = idle.get(key) ?? [];
      if (channel.closed || channel.ended) return channel.destroy();
      const forget = channel.onClose(() => remove(key, entry));
      const entry: Idle = { channel, until: performance.now() + idleMs, forget };
      if (!sweeping) setTimeout(sweep, SWEEP_MS).unref();
      sweeping = true;
      list.push(entry);
      idle.set(key, list);
      byAge.add(entry);
      const [oldest] = byAge;
      if (byAge.size > IN_ALL) oldest?.channel.destroy();
    },
  };
}

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

const PER_KEY = 32;
const IN_ALL = 256;

/** Makes an empty pool. */
export function makeUpstreamPool(): UpstreamPool {
  const idle = new Map<string, Idle[]>();
  let size = 0;
  const remove = (key: string, entry: Idle): void => {
    const list = idle.get(key);
    const at = list?.indexOf(entry) ?? -1;
    if (list === undefined || at === -1) return;
    list.splice(at, 1);
    size--;
    if (list.length === 0) idle.delete(key);
  };
  return {
    get size() {
      return size;
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
      if (channel.closed || channel.ended || list.length >= PER_KEY || size >= IN_ALL) return channel.destroy();
      const timer = setTimeout(() => channel.destroy(), idleMs);
      timer.unref();
      const offClose = channel.onClose(() => {
        clearTimeout(timer);
        remove(key, entry);
      });
      const forget = () => {
        clearTimeout(timer);
        offClose();
      };
      const entry: Idle = { channel, until: performance.now() + idleMs, forget };
      list.push(entry);
      idle.set(key, list);
      size++;
    },
  };
}

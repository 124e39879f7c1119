import type { BackendName } from "../manifest/bottle.ts";
import type { Backend } from "./backend.ts";

/** A backend whose code is loaded when it is first used: most starts use one, and never look at the others. */
export function makeLazyBackend(name: BackendName, load: () => Promise<Backend>): Backend {
  let loading: Promise<Backend> | undefined;
  const loaded = (): Promise<Backend> => {
    loading ??= load();
    return loading;
  };
  return {
    name,
    probe: async (signal, depth) => (await loaded()).probe(signal, depth),
    prepare: async (image, watch) => (await loaded()).prepare(image, watch),
    hasten: async (prepared, watch) => (await loaded()).hasten?.(prepared, watch),
    expect: async (image) => (await loaded()).expect?.(image),
    create: async (spec, scope) => (await loaded()).create(spec, scope),
    list: async () => (await loaded()).list(),
    remove: async (ref) => (await loaded()).remove(ref),
  };
}

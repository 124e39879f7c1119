import { BottleError } from "../base/errors.ts";
import type { BackendName } from "../manifest/bottle.ts";
import type { Backend } from "./backend.ts";

/** A backend of the design that this version has not built: it says so instead of isolating anything. */
export function makeBackendNotBuilt(name: BackendName, what: string): Backend {
  const detail = `${what} is part of the design but not of this version`;
  const refuse = () =>
    Promise.reject(new BottleError("backend/not-built", `${name}: ${detail}`, { hint: "use --backend local" }));
  return {
    name,
    probe: async () => ({
      backend: name,
      usable: false,
      strength: undefined,
      limits: { heldBy: "nothing", why: detail },
      checks: [{ name: "version", outcome: "skipped", detail, fix: undefined }],
    }),
    prepare: () => refuse(),
    create: () => refuse(),
    list: async () => [],
    remove: async () => {},
  };
}

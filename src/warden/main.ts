import { Server } from "node:net";
import { text } from "node:stream/consumers";
import type { Listeners } from "../backends/backend.ts";
import { systemClock } from "../base/clock.ts";
import { BottleError } from "../base/errors.ts";
import { readHolder } from "../base/holder.ts";
import { Scope } from "../base/scope.ts";
import { openJournal } from "../journal/open-journal.ts";
import { makeRedact } from "../journal/redact.ts";
import type { LinkService } from "../plan/link-ports.ts";
import { parseListenerName, type WardenMessage } from "./message.ts";
import { parseWardenSpec } from "./parse-spec.ts";
import { openWarden } from "./serve.ts";
import { secretsOf } from "./spec.ts";

// A warden in a process of its own: its spec comes as one message on stdin, its listening sockets over the channel of the
// process that started it. It ends with that channel, and what it served then answers nobody.

const BUG = { code: "warden/bug", message: "a fault of bot-bottle itself", hint: undefined };
const scope = new Scope();
const listeners = new Promise<Listeners>((resolve) => {
  const taken: { [Service in LinkService]?: Server } = {};
  process.on("message", (message: unknown, handle: unknown) => {
    const service = parseListenerName(message);
    if (service !== undefined && handle instanceof Server) taken[service] = handle;
    if (message === "serve") resolve(taken);
  });
});

for (const reason of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(reason, () => void end());
process.once("disconnect", () => void end());

try {
  await run();
} catch (error) {
  // Only what was written for the operator leaves this process; anything else could quote what it holds.
  const expected = error instanceof BottleError;
  const { code, message, hint } = expected ? error : BUG;
  tell({ kind: "failed", code, message, hint });
  await end(1);
}

async function run(): Promise<void> {
  const spec = parseWardenSpec(await text(process.stdin));
  if (spec === undefined) throw new BottleError("launch/failed", "the warden was started without a whole spec");
  const redact = makeRedact(secretsOf(spec));
  const journal = await openJournal({ path: spec.journal, slug: spec.slug, clock: systemClock, redact }, scope);
  const warden = await openWarden({ spec, journal, clock: systemClock, holder: await readHolder(process.pid) }, scope);
  tell({ kind: "ready", certificatePem: warden.certificatePem });
  warden.serve(await listeners);
  tell({ kind: "serving" });
}

function tell(message: WardenMessage): void {
  if (process.connected) process.send?.(message);
}

async function end(code = 0): Promise<void> {
  await scope.close().catch(() => {}); // there is nobody left to tell
  process.exit(code);
}

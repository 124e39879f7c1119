import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Server, Socket } from "node:net";
import type { Duplex, Readable } from "node:stream";
import type { Clock } from "../base/clock.ts";
import { removeTree } from "../base/files.ts";
import type { Holder } from "../base/holder.ts";
import { showHarmlessly } from "../base/plain-text.ts";
import type { Scope } from "../base/scope.ts";
import type { JournalEvent } from "../journal/event.ts";
import { answerEarly } from "./answer-early.ts";
import type { AskOperator } from "./ask-operator.ts";
import { parseGitRequest } from "./git-request.ts";
import { openHookChannel } from "./hook-channel.ts";
import { type Mask, makeMask } from "./mask-text.ts";
import type { FirstFetch, Mirror, Refreshed } from "./mirror.ts";
import { openMirrors } from "./open-mirrors.ts";
import type { GatePolicy } from "./policy.ts";
import type { Scan } from "./push-finding.ts";
import { receivePush } from "./receive-push.ts";
import { type GitCallRequest, serveCall } from "./serve-call.ts";
import { tellUpstreamWords } from "./upstream-words.ts";

/** What a bottle's git gate is made from. */
export type GateParts = {
  readonly policy: GatePolicy;
  readonly scan: Scan;
  /** Takes the values that the bottle was given out of a text */
  readonly redact: (text: string) => string;
  readonly ask: AskOperator;
  /** Takes events; must not throw */
  readonly journal: (event: JournalEvent) => void;
  /** The process that this is, for locks */
  readonly holder: Holder;
  readonly clock: Clock;
  readonly onBug: (error: unknown) => void;
};

/** A bottle's way to its remotes. */
export type Gate = {
  /** Begins to answer on a server that already listens where the bottle's git connects to. */
  serve(listener: Server): void;
  /** Ends every connection and every git; doing it twice is no error. */
  close(): Promise<void>;
};

const MOST_CONNECTIONS = 32;
const IDLE_MS = 15 * 60_000;
/** After that time a call must see the upstream again, `ms` */
const STALE_MS = 5 * 60_000;
/** Time for git to end by itself when the gate closes, `ms` */
const SETTLE_MS = 5_000;

/** Makes a gate that does not answer yet. Its mirrors are made as they are asked for, and removed with the scope. */
export async function openGate(given: GateParts, scope: Scope): Promise<Gate> {
  const { policy, redact } = given;
  const maskFound = makeMask(given.scan);
  const mask: Mask = (text) => maskFound(redact(text));
  const heard = new WeakSet<Error>();
  const onBug = (error: unknown) => {
    if (error instanceof Error && heard.has(error)) return; // several may wait for what failed
    if (error instanceof Error) heard.add(error);
    given.onBug(new Error(mask(error instanceof Error ? error.message : "unknown")));
  };
  const parts: Serving = { ...given, mask, onBug };
  const listeners: Server[] = [];
  const abort = new AbortController();
  const work = new Set<Promise<unknown>>();
  const sockets = new Set<Socket>();
  scope.defer("remove the mirrors", () => removeTree(policy.folder));
  const mirrors = await openMirrors(parts, abort.signal);
  const server = createServer({ maxHeaderSize: 16_384, headersTimeout: 15_000, requestTimeout: 0 });
  server.on("request", (request, response) => {
    if (response.socket === null) return void request.socket.destroy(); // git waits for one answer before it asks again
    const served = serve(parts, mirrors, request, response)
      .catch((error: unknown) => {
        response.destroy();
        onBug(error);
      })
      .finally(() => work.delete(served));
    work.add(served);
  });
  server.on("clientError", (_error, socket) => socket.destroy());
  const onConnection = (socket: Socket): void => {
    if (sockets.size >= MOST_CONNECTIONS) return void socket.destroy();
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket)).on("error", () => {});
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    server.emit("connection", socket);
  };
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      for (const listener of listeners) {
        listener.off("connection", onConnection);
        if (listener.listening) listener.close();
      }
      abort.abort();
      for (const socket of sockets) socket.destroy();
      const looks = [...mirrors.values()].map(({ turns }) => turns.run(async () => {})); // nobody need be waiting for them
      await settle([...work, ...looks]);
      await Promise.all([...mirrors.values()].map((mirror) => mirror.close()));
    })();
    return closing;
  };
  scope.defer("git gate", close);
  return {
    serve: (listener) => {
      listeners.push(listener);
      listener.on("connection", onConnection);
    },
    close,
  };
}

/** The parts of a gate, with what takes every secret out of its words. */
type Serving = GateParts & { readonly mask: Mask };

async function serve(
  parts: Serving,
  mirrors: ReadonlyMap<string, Mirror>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { headers, method = "", url = "" } = request;
  const call = parseGitRequest(method, url, headers["content-type"]);
  if (call.kind === "refused") return refuse(response, call.status, [call.why]);
  const mirror = mirrors.get(call.repo);
  if (mirror === undefined) return refuse(response, 404, tellUndeclared(call.repo, [...mirrors.keys()]));
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "gzip" && encoding !== "identity") {
    return refuse(response, 415, ["the body is encoded in a way that git does not use"]);
  }
  const seen = await look(parts, mirror, call, request);
  if (seen.kind === "unreachable") return refuse(response, 502, seen.lines);
  if (seen.kind === "fresh" || call.kind === "advertise")
    return await answer(parts, mirror, call, request, response, request);
  const started = parts.clock.now().getTime();
  const early = await answerEarly({
    request,
    response,
    first: seen,
    explain: () => tellBroken(parts, mirror, started, seen),
  });
  if (early === "over") return;
  if (early === "answered") return tellServed(parts, call, started);
  const end = tellEnd(parts, mirror, started, await seen.end);
  if (end.kind === "unreachable") return refuse(response, 502, end.lines);
  await answer(parts, mirror, call, request, response, early);
}

type Unreachable = { readonly kind: "unreachable"; readonly lines: readonly string[] };

/** Sees to it that the mirror is what the upstream is, or, for whoever clones everything, that it is becoming that. */
async function look(
  parts: Serving,
  mirror: Mirror,
  call: GitCallRequest,
  request: IncomingMessage,
): Promise<{ readonly kind: "fresh" } | FirstFetch | Unreachable> {
  const now = parts.clock.now().getTime();
  const isYoung = (at: number | undefined) => call.kind === "call" && at !== undefined && now - at < STALE_MS;
  if (isYoung(mirror.freshAt())) return { kind: "fresh" };
  const isEarly = call.service === "git-upload-pack" && request.headers["git-protocol"] === "version=2";
  const filling = mirror.filling();
  if (isEarly && filling !== undefined && isYoung(filling.at)) return filling;
  const begun = await (isEarly ? mirror.begin() : mirror.refresh());
  if (begun.kind !== "filling") return tellEnd(parts, mirror, now, begun);
  begun.end.catch(parts.onBug); // nobody may be there for it
  return begun;
}

/** What came of a look; the journal is told of a bad end. */
function tellEnd(
  parts: Serving,
  { repo }: Mirror,
  started: number,
  seen: Refreshed,
): { readonly kind: "fresh" } | Unreachable {
  if (seen.kind === "fresh") return seen;
  const said = tellUpstreamWords(seen.said, parts.mask);
  const ms = parts.clock.now().getTime() - started;
  parts.journal({ kind: "git-fetch", repo: repo.name, outcome: "failed", said, ms });
  const headline = `the upstream of ${repo.name} cannot be reached; nothing is served from memory. It said:`;
  return { kind: "unreachable", lines: [headline, ...said] };
}

/** What a client is told, and the journal, when a first fetch ended before all of its pack was there. */
async function tellBroken(
  parts: Serving,
  mirror: Mirror,
  started: number,
  { end }: FirstFetch,
): Promise<readonly string[]> {
  const seen = tellEnd(parts, mirror, started, await end);
  if (seen.kind === "unreachable") return seen.lines;
  const said = ["the transfer broke off, and passed when it was tried again: clone once more"];
  const ms = parts.clock.now().getTime() - started;
  parts.journal({ kind: "git-fetch", repo: mirror.repo.name, outcome: "failed", said, ms });
  return said;
}

function tellServed({ journal, clock }: Serving, call: GitCallRequest, started: number): void {
  if (call.kind === "advertise" || call.service === "git-receive-pack") return;
  const ms = clock.now().getTime() - started;
  journal({ kind: "git-fetch", repo: call.repo, outcome: "served", said: [], ms });
}

async function answer(
  parts: Serving,
  mirror: Mirror,
  call: GitCallRequest,
  request: IncomingMessage,
  response: ServerResponse,
  body: Readable,
): Promise<void> {
  const { policy, journal, clock } = parts;
  const now = () => clock.now().getTime();
  const started = now();
  const isPush = call.kind === "call" && call.service === "git-receive-pack";
  const leaving = new AbortController();
  let pushing: Promise<void> = Promise.resolve();
  const onHook = (channel: Duplex): void => {
    pushing = receivePush({ ...parts, mirror, now, gone: leaving.signal }, openHookChannel(channel));
    pushing.catch(parts.onBug);
  };
  const onGone = () => leaving.abort();
  const root = policy.folder;
  const work = async () => {
    const { ok, words } = await serveCall({
      request,
      response,
      call,
      body,
      root,
      onGone,
      ...(isPush ? { onHook } : {}),
    });
    await pushing;
    if (!ok && !leaving.signal.aborted) {
      journal({ kind: "failed", code: "git/http-backend", message: parts.mask(words).trim().slice(0, 500) });
    }
    return ok ? "whole" : "broken";
  };
  await (isPush ? mirror.receive(work) : work());
  tellServed(parts, call, started);
}

function tellUndeclared(name: string, known: readonly string[]): readonly string[] {
  const list = known.length === 0 ? "none" : known.join(", ");
  return [
    `this bottle has no repository ${name}; it has: ${list}`,
    `the operator can declare it in the bottle: git-gate.repos.${name} with its url`,
  ];
}

/** Git shows the lines of a plain text as `remote:` lines. */
function refuse(response: ServerResponse, status: number, lines: readonly string[]): void {
  const body = `${lines.map((line) => `bot-bottle: ${showHarmlessly(line)}`).join("\n")}\n`;
  response.writeHead(status, {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": Buffer.byteLength(body),
    Connection: "close",
  });
  response.end(body);
}

/** Lets git end what it was told to end; what still runs then has lost its pipes. */
async function settle(work: readonly Promise<unknown>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, SETTLE_MS);
  });
  await Promise.race([Promise.allSettled(work), late]);
  clearTimeout(timer);
}

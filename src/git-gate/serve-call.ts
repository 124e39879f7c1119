import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { type Child, endGroup } from "../base/process.ts";
import { startGit } from "./git-process.ts";
import type { GitRequest } from "./git-request.ts";

/** A request that git itself answers. */
export type GitCallRequest = Exclude<GitRequest, { kind: "refused" }>;

const MOST_HEAD_BYTES = 16_384;
const MOST_WORDS = 4_096;
const PROTOCOL = /^version=[12]$/;

/** How a call is answered. */
export type CallParts = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly call: GitCallRequest;
  /** What the client sends: the request itself, unless something of it was read already */
  readonly body: Readable;
  /** Folder of the mirrors */
  readonly root: string;
  /** Called when the client goes before it has its answer */
  readonly onGone: () => void;
  /** Gets the descriptor over which the hook of a push speaks */
  readonly onHook?: (channel: Duplex) => void;
};

/** How a call ended; what git said on its error output is for the journal. */
export type Served = { readonly ok: boolean; readonly words: string };

/** Answers a request with git's own server program, streaming both ways; when the client goes, git ends. */
export async function serveCall(parts: CallParts): Promise<Served> {
  const { response, call, body, root } = parts;
  if (response.destroyed) {
    parts.onGone(); // while the upstream was asked; nobody would take what git writes, nor end it
    return { ok: false, words: "" };
  }
  const child = startGit(["http-backend"], {
    ...{ cwd: root, pipes: parts.onHook === undefined ? 3 : 4 },
    env: makeCgiEnv(parts),
  });
  const exit = new Promise<boolean>((resolve) => {
    child.once("close", (code) => resolve(code === 0));
    child.once("error", () => resolve(false));
  });
  const channel = child.stdio[3];
  if (parts.onHook !== undefined && channel) parts.onHook(channel as Duplex);
  let words = "";
  child.stderr?.on("data", (bytes: Buffer) => {
    if (words.length < MOST_WORDS) words += bytes.toString("utf8");
  });
  child.stdin?.on("error", () => {}); // git may end before it has read everything
  if (call.kind === "call") {
    body.on("error", () => {}); // the client has gone, which the response tells
    if (child.stdin) body.pipe(child.stdin);
  } else {
    body.resume();
    child.stdin?.end();
  }
  const onGone = () => {
    if (response.writableFinished) return;
    parts.onGone();
    endGroup(child);
  };
  response.once("close", onGone);
  forwardOutput(child, response);
  const ok = await exit;
  response.off("close", onGone);
  if (!response.headersSent && !response.destroyed) response.writeHead(500, { "Content-Type": "text/plain" });
  if (!response.writableEnded) response.end();
  return { ok, words };
}

/** Without a length, which git would wait for without end when the gate is killed: its input ends where the body does. */
function makeCgiEnv({ request, call, root }: CallParts): Readonly<Record<string, string>> {
  const { headers } = request;
  const protocol = headers["git-protocol"];
  const encoding = headers["content-encoding"];
  const isCall = call.kind === "call";
  return {
    GATEWAY_INTERFACE: "CGI/1.1",
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: "1",
    PATH_INFO: `/${call.repo}.git/${isCall ? call.service : "info/refs"}`,
    QUERY_STRING: isCall ? "" : `service=${call.service}`,
    REQUEST_METHOD: isCall ? "POST" : "GET",
    REMOTE_USER: "bottle",
    ...(isCall ? { CONTENT_TYPE: `application/x-${call.service}-request` } : {}),
    ...(encoding === "gzip" ? { HTTP_CONTENT_ENCODING: "gzip" } : {}),
    ...(typeof protocol === "string" && PROTOCOL.test(protocol) ? { GIT_PROTOCOL: protocol } : {}),
  };
}

/** Takes the head that git writes before its output, then lets the rest through as it comes. */
function forwardOutput(child: Child, response: ServerResponse): void {
  const output = child.stdout;
  if (!output) return;
  let head = Buffer.alloc(0);
  const onData = (bytes: Buffer): void => {
    head = Buffer.concat([head, bytes]);
    const end = head.indexOf("\r\n\r\n");
    if (end === -1) {
      if (head.length > MOST_HEAD_BYTES) endGroup(child);
      return;
    }
    output.off("data", onData);
    const { status, fields } = parseCgiHead(head.subarray(0, end).toString("latin1"));
    response.writeHead(status, fields);
    const rest = head.subarray(end + 4);
    if (rest.length > 0) response.write(rest);
    output.pipe(response, { end: false });
  };
  output.on("data", onData);
}

function parseCgiHead(text: string): { readonly status: number; readonly fields: Record<string, string> } {
  const fields: Record<string, string> = {};
  let status = 200;
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (name.toLowerCase() === "status") status = Number(value.slice(0, 3)) || 500;
    else if (colon > 0) fields[name] = value;
  }
  return { status, fields };
}

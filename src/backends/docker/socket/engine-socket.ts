import { type ClientRequest, type IncomingMessage, request } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { BottleError } from "../../../base/errors.ts";
import { parseJsonObject } from "../../../base/parse-json.ts";
import { explainWords } from "../../../images/engine.ts";

/** What an engine answered. */
export type Answer = { readonly status: number; readonly text: string };

/** An engine at a socket of this machine, spoken to without its command. */
export type EngineSocket = {
  readonly path: string;
  /** Asks and reads the whole answer, whatever it is. Throws `image/engine-failed` when nobody answers. */
  ask(method: string, target: string, body?: unknown): Promise<Answer>;
  /** Asks for an answer that goes on, such as an archive; undefined where there is nothing of that name. */
  read(target: string): Promise<Readable | undefined>;
  /** Asks for a connection of its own in both directions; throws when there is none. */
  open(target: string, body?: unknown): Promise<Duplex>;
};

/** The newest language whose words we know; an engine speaks the older ones too. */
const NEWEST = { major: 1, minor: 47 };
const DEADLINE_MS = 60_000;
const MOST_BYTES = 16 * 1024 * 1024;

/** An engine's socket, in the newest language that both know: `told` is what the engine says of itself. */
export function openEngineSocket(path: string, told: string): EngineSocket {
  const version = chooseVersion(told);
  const ask = async (method: string, target: string, body?: unknown): Promise<Answer> => {
    const response = await send(path, method, `${version}${target}`, body);
    return { status: response.statusCode ?? 0, text: await readAll(response, path) };
  };
  return {
    path,
    ask,
    read: async (target) => {
      const response = await send(path, "GET", `${version}${target}`);
      if (response.statusCode === 200) return response;
      const answer = { status: response.statusCode ?? 0, text: await readAll(response, path) };
      if (answer.status === 404) return undefined;
      throw explainAnswer(answer);
    },
    open: (target, body) => upgrade(path, `${version}${target}`, body),
  };
}

/** The first part of every target. Pure. */
export function chooseVersion(told: string): string {
  const [, major, minor] = /^(\d+)\.(\d+)$/.exec(told) ?? [];
  if (major === undefined || minor === undefined) throw failure("the engine does not say which language it speaks");
  const isNewer = Number(major) > NEWEST.major || Number(minor) > NEWEST.minor;
  return isNewer ? `/v${NEWEST.major}.${NEWEST.minor}` : `/v${major}.${minor}`;
}

/** An answer that says no, in the engine's own words. */
export function explainAnswer({ status, text }: Answer): BottleError {
  return failure(String(parseJsonObject(text)?.["message"] ?? `the engine answered ${status}`));
}

function failure(words: string, cause?: unknown): BottleError {
  return new BottleError("image/engine-failed", words, {
    hint: explainWords("docker", words) ?? "`bottle doctor` checks the engine",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The words of the engine's own command, by which a missing engine is known. */
function unreachable(path: string, error: Error): BottleError {
  return failure(`Cannot connect to the Docker daemon at unix://${path}: ${error.message}`, error);
}

function begin(path: string, method: string, target: string, headers: Readonly<Record<string, string>>): ClientRequest {
  // a name for TLS, which there is none of, would be looked for in what `Host` says
  const plain = { servername: "" } as const;
  return request({
    socketPath: path,
    method,
    path: target,
    agent: false,
    ...plain,
    headers: { Host: "docker", ...headers },
  });
}

function send(path: string, method: string, target: string, body?: unknown): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = begin(path, method, target, { ...contentType(body), Connection: "close" });
    const timer = setTimeout(() => asked.destroy(new Error("no answer in time")), DEADLINE_MS);
    asked.once("response", (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    asked.once("error", (error) => {
      clearTimeout(timer);
      reject(unreachable(path, error));
    });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function contentType(body: unknown): Readonly<Record<string, string>> {
  return body === undefined ? {} : { "Content-Type": "application/json" };
}

function readAll(response: IncomingMessage, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    response.on("data", (chunk: Buffer) => {
      parts.push(chunk);
      size += chunk.length;
      if (size > MOST_BYTES) response.destroy(new Error("an answer without end"));
    });
    response.once("end", () => resolve(Buffer.concat(parts).toString("utf8")));
    response.once("error", (error) => reject(unreachable(path, error)));
  });
}

function upgrade(path: string, target: string, body: unknown): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const headers = { ...contentType(body), Connection: "Upgrade", Upgrade: "tcp" };
    const asked = begin(path, "POST", target, headers);
    asked.once("upgrade", (_response, connection: Duplex, head: Buffer) => {
      connection.on("error", () => {}); // its end tells
      connection.once("end", () => connection.destroy()); // what is still to be sent has nobody to read it
      if (head.length > 0) connection.unshift(head);
      resolve(connection);
    });
    asked.once("response", (response) => {
      readAll(response, path).then((text) => reject(explainAnswer({ status: response.statusCode ?? 0, text })), reject);
    });
    asked.once("error", (error) => reject(unreachable(path, error)));
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

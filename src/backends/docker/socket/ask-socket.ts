import { connect } from "node:net";
import type { Engine } from "../../../images/engine.ts";
import { findSocket } from "./find-socket.ts";

const DEADLINE_MS = 2_000;
const MOST_BYTES = 1024 * 1024;

/** What an engine at a socket of this machine says of itself. */
export type Told = {
  readonly path: string;
  /** What `docker info` would print, as JSON */
  readonly info: string;
  /** The newest language that it speaks, where it says so */
  readonly version: string | undefined;
};

/**
 * Asks the engine itself what `docker info` would print: it is looked at before every start, and the command alone takes
 * longer than the answer. Undefined wherever the command may do anything else, or say why there is no engine.
 */
export async function askSocket(engine: Engine): Promise<Told | undefined> {
  const path = await findSocket(engine);
  const answer = path === undefined ? undefined : await readInfo(path);
  return path === undefined || answer === undefined ? undefined : { path, ...answer };
}

/** The old version of the protocol has one answer per connection, with nothing around it. */
function readInfo(path: string): Promise<Omit<Told, "path"> | undefined> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let size = 0;
    const engine = connect({ path }, () => engine.write("GET /info HTTP/1.0\r\nHost: docker\r\n\r\n"));
    const settle = (answer: Omit<Told, "path"> | undefined) => {
      engine.destroy();
      resolve(answer);
    };
    engine.setTimeout(DEADLINE_MS, () => settle(undefined));
    engine.on("data", (chunk: Buffer) => {
      parts.push(chunk);
      size += chunk.length;
      if (size > MOST_BYTES) settle(undefined);
    });
    engine.once("error", () => settle(undefined));
    engine.once("end", () => settle(parseAnswer(Buffer.concat(parts).toString("utf8"))));
  });
}

/** The body of an answer that says yes, and what its head says of the engine. Pure. */
export function parseAnswer(text: string): Omit<Told, "path"> | undefined {
  const at = text.indexOf("\r\n\r\n");
  if (at <= 0 || !/^HTTP\/1\.[01] 200 /.test(text)) return undefined;
  return { info: text.slice(at + 4), version: /^api-version: *(\d+\.\d+)\r?$/im.exec(text.slice(0, at))?.[1] };
}

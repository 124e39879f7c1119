import { connect } from "node:net";
import type { Engine } from "../../../images/engine.ts";
import { findSocket } from "./find-socket.ts";

const DEADLINE_MS = 2_000;
const MOST_BYTES = 1024 * 1024;

/**
 * What `docker info` would print, asked of the engine itself: it is looked at before every start, and the command alone takes
 * longer than the answer. Undefined wherever the command may do anything else, or say why there is no engine.
 */
export async function askSocket(engine: Engine, onAsked = () => {}): Promise<string | undefined> {
  const path = await findSocket(engine);
  return path === undefined ? undefined : readInfo(path, onAsked);
}

/** The old version of the protocol has one answer per connection, with nothing around it. */
function readInfo(path: string, onAsked: () => void): Promise<string | undefined> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let size = 0;
    const engine = connect({ path }, () => {
      engine.write("GET /info HTTP/1.0\r\nHost: docker\r\n\r\n");
      onAsked();
    });
    const settle = (text: string | undefined) => {
      engine.destroy();
      resolve(text);
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

/** The body of an answer that says yes. Pure. */
export function parseAnswer(text: string): string | undefined {
  const at = text.indexOf("\r\n\r\n");
  return at > 0 && /^HTTP\/1\.[01] 200 /.test(text) ? text.slice(at + 4) : undefined;
}

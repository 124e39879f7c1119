import { PassThrough } from "node:stream";
import { BottleError } from "../../../base/errors.ts";
import { parseJsonObject } from "../../../base/parse-json.ts";
import type { Link } from "../../link.ts";
import { speakWithMain } from "../../main-process.ts";
import type { Holder } from "../container-calls.ts";
import type { ContainerForm } from "../container-form.ts";
import { makeCreateBody } from "./create-body.ts";
import { type EngineSocket, explainAnswer } from "./engine-socket.ts";
import { splitOutputs } from "./split-outputs.ts";

const MOST_WORDS = 16 * 1024;

/** Makes and starts a container that ends with the connection to its standard streams, which ends with this process. */
export function holdOverSocket(socket: EngineSocket, form: ContainerForm, link: Link): Holder {
  const input = new PassThrough();
  const output = new PassThrough();
  let words = "";
  const tell = (text: string) => {
    words = (words + text).slice(-MOST_WORDS);
  };
  let end = () => {};
  const held = (async () => {
    const id = await create(socket, form);
    const connection = await socket.open(`/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1`);
    const over = new Promise<void>((resolve) => void connection.once("close", resolve));
    end = () => void connection.destroy();
    const { stdout, stderr } = splitOutputs(connection);
    stderr.on("data", (chunk: Buffer) => tell(chunk.toString("utf8")));
    input.pipe(connection);
    stdout.pipe(output);
    try {
      const started = await socket.ask("POST", `/containers/${id}/start`);
      if (started.status >= 400) throw explainAnswer(started);
      await over;
    } finally {
      connection.destroy();
    }
  })();
  const exit = held.catch((error: unknown) => {
    if (!(error instanceof BottleError)) throw error;
    tell(error.message);
    output.end();
  });
  const main = speakWithMain({ input, output, ended: exit, words: () => words, end: () => end() }, link);
  return { ...main, exit, release: () => void input.end() };
}

async function create(socket: EngineSocket, form: ContainerForm): Promise<string> {
  const answer = await socket.ask("POST", `/containers/create?name=${form.name}`, makeCreateBody(form));
  if (answer.status !== 201) throw explainAnswer(answer);
  return String(parseJsonObject(answer.text)?.["Id"]);
}

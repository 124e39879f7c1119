import { type Duplex, PassThrough } from "node:stream";
import { BottleError } from "../../../base/errors.ts";
import { parseJsonObject } from "../../../base/parse-json.ts";
import type { Exit } from "../../../base/process.ts";
import type { GuestCommand } from "../../backend.ts";
import { parseExit } from "../../launch-result.ts";
import { splitMarks } from "../../marked-stream.ts";
import type { ExecParts } from "../args.ts";
import type { LauncherClient } from "../container-calls.ts";
import { makeExecBody } from "./create-body.ts";
import { type EngineSocket, explainAnswer } from "./engine-socket.ts";
import { splitOutputs } from "./split-outputs.ts";

/** Starts a launcher in a container, over a connection of its own. */
export async function launchOverSocket(
  socket: EngineSocket,
  parts: ExecParts,
  terminal: GuestCommand["terminal"],
): Promise<LauncherClient> {
  try {
    const id = await create(socket, parts);
    const connection = await socket.open(`/exec/${id}/start`, { Detach: false, Tty: terminal !== undefined });
    return makeClient(socket, id, connection, parts.mark, terminal);
  } catch (error) {
    if (!(error instanceof BottleError)) throw error;
    return makeFailed(error, parts.mark);
  }
}

async function create(socket: EngineSocket, parts: ExecParts): Promise<string> {
  const answer = await socket.ask("POST", `/containers/${parts.name}/exec`, makeExecBody(parts));
  if (answer.status !== 201) throw explainAnswer(answer);
  return String(parseJsonObject(answer.text)?.["Id"]);
}

function makeClient(
  socket: EngineSocket,
  id: string,
  connection: Duplex,
  mark: string,
  terminal: GuestCommand["terminal"],
): LauncherClient {
  const exit = awaitExit(socket, id, connection);
  const kill = () => void connection.destroy();
  if (terminal === undefined) {
    const { stdout, stderr } = splitOutputs(connection);
    const marks = splitMarks(stderr, mark, { echoes: false });
    return {
      streams: { kind: "pipes", stdin: connection, stdout, stderr: marks.rest },
      marks,
      exit,
      kill,
      close: kill,
    };
  }
  const marks = splitMarks(connection, mark, { echoes: true });
  const resize = (columns: number, rows: number) => {
    socket.ask("POST", `/exec/${id}/resize?w=${columns}&h=${rows}`).catch(() => {}); // of a command that is over
  };
  const streams = { kind: "terminal", terminal: { input: connection, output: marks.rest, resize } } as const;
  return { streams, marks, exit, kill, close: kill };
}

/** What could not be started, with the engine's words where the launcher's would be. */
function makeFailed(error: BottleError, mark: string): LauncherClient {
  const stderr = new PassThrough();
  const marks = splitMarks(stderr, mark, { echoes: false });
  stderr.end(error.message);
  const none = () => {};
  const streams = { kind: "pipes", stdin: new PassThrough(), stdout: new PassThrough(), stderr: marks.rest } as const;
  return { streams, marks, exit: Promise.resolve({ kind: "code", code: 125 }), kill: none, close: none };
}

/** How often it is asked for an exit whose streams have ended, and how long between, `ms` */
const ASKS = 100;
const BETWEEN_MS = 20;

/** The engine keeps the exit code, which it may know a little later than the end of the streams. */
async function awaitExit(socket: EngineSocket, id: string, connection: Duplex): Promise<Exit> {
  await new Promise<void>((resolve) => void connection.once("close", resolve));
  for (let asked = 0; asked < ASKS; asked++) {
    const answer = await socket.ask("GET", `/exec/${id}/json`).catch(() => undefined);
    const told = answer?.status === 200 ? parseJsonObject(answer.text) : undefined;
    if (told === undefined) break;
    if (told["Running"] === false && typeof told["ExitCode"] === "number") {
      return parseExit({ kind: "code", code: told["ExitCode"] });
    }
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
  }
  return { kind: "signal", signal: "SIGKILL" };
}

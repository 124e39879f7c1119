import { mergeResults } from "../../../base/merge-archive.ts";
import { isOver } from "../calls-by-command.ts";
import type { ContainerCalls } from "../container-calls.ts";
import { type Answer, type EngineSocket, explainAnswer } from "./engine-socket.ts";
import { holdOverSocket } from "./hold-over-socket.ts";
import { launchOverSocket } from "./launch-over-socket.ts";

/**
 * Everything at the engine's socket. The engine's command takes 50 to 100 ms of two cores each time that it is loaded, which
 * a start would wait for twice.
 */
export function makeCallsBySocket(socket: EngineSocket): ContainerCalls {
  const remove = async (what: string, gone: RegExp): Promise<void> => {
    const answer = await socket.ask("DELETE", what);
    if (answer.status >= 400 && answer.status !== 404 && !gone.test(answer.text)) throw explainAnswer(answer);
  };
  return {
    hold: (form, link) => holdOverSocket(socket, form, link),
    launch: (parts, terminal) => launchOverSocket(socket, parts, terminal),
    kill: async (name) => {
      const answer = await socket.ask("POST", `/containers/${name}/kill`).catch(wordsOf);
      return answer.status < 400 || isOver(answer.text) ? undefined : explainAnswer(answer).message;
    },
    collect: async (name, source, folder) => {
      const target = `/containers/${name}/archive?path=${encodeURIComponent(source)}`;
      const archive = await socket.read(target);
      if (archive !== undefined) await mergeResults(archive, folder, async () => true);
    },
    remove: (name) => remove(`/containers/${name}?force=1&v=1`, /already in progress/i),
    removeVolume: (name) => remove(`/volumes/${name}?force=1`, /no such volume/i),
  };
}

/** An engine that does not answer has not ended anything. */
function wordsOf(error: unknown): Answer {
  if (!(error instanceof Error)) throw error;
  return { status: 503, text: JSON.stringify({ message: error.message }) };
}

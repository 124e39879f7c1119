import { setImmediate as soon } from "node:timers/promises";
import type { CompiledRoute } from "../2-route/compiled-policy.ts";
import type { Screener } from "./screener.ts";
import { bodyPieces } from "./values.ts";

/** The agent's program is started first, and says nothing for longer than this takes */
const AFTER_MS = 25;
const LASTS_MS = 220;
/** The thread for long texts is not needed before an agent has asked a few times, and would take the cores that it starts on */
const THREAD_AFTER_MS = 1_500;
const THREAD_ROUNDS = 3;
const LONG_BYTES = 144 * 1024;
/** RFC 2606: nobody's */
const HOST = "warm-up.invalid";

/**
 * Searches texts of the kind that agents send until what searches them is compiled, beside the start of the agent: its first
 * request would wait for that, up to a quarter of a second. The returned function calls it off.
 */
export function warmUp(screener: Pick<Screener, "scan" | "join">, compiled: CompiledRoute): () => void {
  let wanted = true;
  const here = async (): Promise<void> => {
    const pieces = bodyPieces("application/json", SAMPLE);
    const end = performance.now() + LASTS_MS;
    for (let round = 0; wanted && performance.now() < end; round++) {
      await screener.scan(SAMPLE, compiled);
      // as another request says them, with something new at their end
      const said = pieces.map((piece) => ({ ...piece, value: `${piece.value} ${round}` }));
      await screener.join(HOST, said, compiled);
      await soon(); // whoever asks meanwhile comes first
    }
  };
  const onThread = async (): Promise<void> => {
    const long = Buffer.alloc(LONG_BYTES, SAMPLE);
    for (let round = 0; round < THREAD_ROUNDS && wanted; round++) await screener.scan(long, compiled);
  };
  // closed meanwhile; what fails fails again where somebody asked for it
  const start = (work: () => Promise<void>, ms: number) => setTimeout(() => void work().catch(() => {}), ms).unref();
  const timers = [start(here, AFTER_MS), start(onThread, THREAD_AFTER_MS)];
  return () => {
    wanted = false;
    for (const timer of timers) clearTimeout(timer);
  };
}

/** A question to a model in small: prose, code, a table, escapes, digests and a schema. */
const SAMPLE = Buffer.from(
  JSON.stringify(
    Array.from({ length: 6 }, () => ({
      model: "some-model",
      system: [
        "You help with software. Do what you are asked, with the tools below.\n\n# Doing tasks",
        " - Read a file before you change it: `src/main.ts:42`, https://example.com/docs/a-page?x=1&y=2#part",
        " - Run the tests (`npm test -- --run`) after each change, and say what failed (exit code 1).",
        "```ts\nconst total = items.reduce((sum, { price, count }) => sum + price * count, 0x1f);",
        'if (total > 1_000) throw new Error(`too much: ${total}`); // "quoted"\n```',
        "| name | value |\n|---|--:|\n| commit | 9fceb02d0ae598e95dc970b74767f19372d61af8 |",
        "| id | 6ba7b810-9dad-41d1-80b4-00c04fd430c8 |\nDon't guess – ask. 100% of <b>it</b> &amp; more; café, naïve.\n",
      ].join("\n"),
      tools: [
        {
          name: "read_file",
          description: "Reads a file. The path must be absolute, not relative.",
          input_schema: {
            $schema: "http://json-schema.org/draft-07/schema#",
            properties: { file_path: { description: "The path to the file", type: "string" }, limit: { minimum: 0 } },
            required: ["file_path"],
          },
        },
      ],
      metadata: { user_id: "user_2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae_session_0" },
      max_tokens: 32000,
    })),
  ),
);

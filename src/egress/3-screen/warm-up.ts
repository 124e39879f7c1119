/** Longer than what is searched at once, so that the thread for long texts is started */
const LONG_BYTES = 40 * 1024;
const ROUNDS = 3;
/** The agent's program is started first */
const AFTER_MS = 50;

/**
 * Searches a text of the kind that agents send until the detectors are compiled, beside the start of the agent: its first
 * request would wait for that, up to a quarter of a second. The returned function calls it off.
 */
export function warmUp(scan: (bytes: Buffer) => Promise<unknown>): () => void {
  let wanted = true;
  const search = async (): Promise<void> => {
    await scan(SAMPLE);
    const long = Buffer.alloc(LONG_BYTES, SAMPLE);
    for (let round = 0; round < ROUNDS && wanted; round++) await scan(long);
  };
  const timer = setTimeout(() => {
    if (wanted) search().catch(() => {}); // closed meanwhile; what fails fails again where somebody asked for it
  }, AFTER_MS);
  timer.unref();
  return () => {
    wanted = false;
    clearTimeout(timer);
  };
}

/** A question to a model in small: prose, code, a table, escapes, digests and a schema. */
const SAMPLE = Buffer.from(
  JSON.stringify({
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
  }),
);

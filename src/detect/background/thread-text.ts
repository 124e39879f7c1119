import { fileURLToPath } from "node:url";

/** The program of the thread; written in by the build. */
declare const SCAN_THREAD: string | undefined;

/**
 * The program of the thread as one script. It is part of this program's own file, because a bottle outlives an upgrade that
 * replaces what lies beside it; where the sources run by themselves, as in tests, it is put together the same way first.
 */
export async function readThreadText(): Promise<string> {
  if (typeof SCAN_THREAD === "string") return SCAN_THREAD;
  const { build } = await import("esbuild");
  const entry = fileURLToPath(new URL("./thread.ts", import.meta.url));
  const options = { bundle: true, platform: "node", format: "cjs", target: "node20.19", write: false } as const;
  const { outputFiles } = await build({ entryPoints: [entry], ...options });
  return outputFiles[0]?.text ?? "";
}

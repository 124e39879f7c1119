/** Whether `agent_provider.program` is one of its two words, and not a path. */
export function isProgramWord(written: string): written is "pinned" | "installed" {
  return written === "pinned" || written === "installed";
}

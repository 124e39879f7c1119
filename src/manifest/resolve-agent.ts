import type { Agent, WrittenKey } from "./bottle.ts";
import type { WrittenAgent } from "./written/agent.ts";

/** Where an agent came from. */
export type AgentOrigin = Pick<Agent, "name" | "file" | "origin">;

/** An agent with every default filled in. */
export function resolveAgent(
  origin: AgentOrigin,
  written: WrittenAgent,
  body: string,
  keys: readonly WrittenKey[],
): Agent {
  const { bottle } = written;
  return {
    ...origin,
    bottles: bottle === undefined ? [] : [...new Set(typeof bottle === "string" ? [bottle] : bottle)],
    skills: [...new Set(written.skills ?? [])],
    gitUser: { name: written["git-gate"]?.user?.name, email: written["git-gate"]?.user?.email },
    prompt: body.replaceAll("\r\n", "\n").trim(),
    written: keys,
  };
}

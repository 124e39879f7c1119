import type { CompiledRoute } from "./compiled-policy.ts";

/** What a route says about replies that read like orders to the agent. */
export function replyPolicyOf({ route }: CompiledRoute): "off" | "warn" | "block" {
  return route.dlp.inboundDetectors?.includes("injection") === true ? route.dlp.inboundOnMatch : "off";
}

/** Whether replies on a route are read, and so have to be asked for unencoded. */
export function readsReplies(compiled: CompiledRoute): boolean {
  return compiled.credential !== undefined || replyPolicyOf(compiled) !== "off";
}

import type { HostFacts } from "./host-facts.ts";
import type { StartRequest } from "./request.ts";

/** Whether somebody sits at a terminal and may be asked and shown things. */
export function isAttended(request: StartRequest, { terminal }: HostFacts): boolean {
  return !request.headless && terminal.stdin && terminal.stdout;
}

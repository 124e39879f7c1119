import { buildCommand, type Command } from "@stricli/core";
import { type CliContext, lazily } from "../context.ts";

/** Flags of `bottle demo` as typed. */
export type DemoFlags = { readonly json?: boolean };

/** `bottle demo`. */
export const demoCommand: Command<CliContext> = buildCommand<DemoFlags, [], CliContext>({
  loader: lazily(async () => (await import("./run.ts")).runDemoCommand),
  docs: { brief: "Watch a scripted agent misbehave in a real bottle; no account, no network needed" },
  parameters: { flags: { json: { kind: "boolean", optional: true, withNegated: false, brief: "Print JSON" } } },
});

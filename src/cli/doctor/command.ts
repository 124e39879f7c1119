import { buildCommand, type Command } from "@stricli/core";
import { type CliContext, lazily } from "../context.ts";

/** Flags of `bottle doctor` as typed. */
export type DoctorFlags = { readonly json?: boolean };

/** `bottle doctor`. */
export const doctorCommand: Command<CliContext> = buildCommand<DoctorFlags, [], CliContext>({
  loader: lazily(async () => (await import("./run.ts")).runDoctor),
  docs: { brief: "Check what this machine can do, and say how to mend what it can't" },
  parameters: { flags: { json: { kind: "boolean", optional: true, withNegated: false, brief: "Print JSON" } } },
});

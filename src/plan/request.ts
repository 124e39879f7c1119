import type { BackendName, WorkspaceRules } from "../manifest/bottle.ts";
import type { HandOverName } from "./hand-over.ts";

/** What the command line asked for; undefined where it said nothing. */
export type StartRequest = {
  readonly agent: string | undefined;
  readonly bottles: readonly string[];
  /** Everything after `--` */
  readonly argv: readonly string[] | undefined;
  /** Task for the agent; `-` takes it from standard input */
  readonly prompt: string | undefined;
  /** Nothing is asked and no terminal is given to the command */
  readonly headless: boolean;
  /** The question after the preflight is answered with yes */
  readonly yes: boolean;
  readonly dryRun: boolean;
  /** Everything that is asked for and refused is recorded, for `bottle learn` */
  readonly observe: boolean;
  readonly json: boolean;
  readonly label: string | undefined;
  readonly color: string | undefined;
  readonly backend: BackendName | undefined;
  /** How an image gets to machines */
  readonly handOver: HandOverName | undefined;
  readonly workspace: WorkspaceRules["mode"] | undefined;
  /** A workspace above the limits is copied all the same */
  readonly large: boolean;
};

import type { Engine } from "../../images/engine.ts";
import type { Smolvm } from "./smolvm.ts";

/** What this backend must know of the process it runs in. */
export type SmolmachinesSetup = {
  readonly smolvm: Smolvm;
  /** Builds the images that machines are made from */
  readonly engine: Engine;
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
  readonly platform: NodeJS.Platform;
  readonly arch: NodeJS.Architecture;
  readonly nodePath: string;
  /** `~/.bot-bottle`: tells the guests of one home from those of another */
  readonly home: string;
  /** What can be made again at any time */
  readonly cacheFolder: string;
  /** File with the text of what runs inside as main process */
  readonly guestProgram: string;
  /** How long a bottle runs before a template of its machine is made beside it, `ms`; undefined for never */
  readonly templateAfterMs: number | undefined;
  /** Whether anything may be written or run before a guest is made; a dry run only looks */
  readonly mayTry: boolean;
};

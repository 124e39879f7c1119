import type { Engine } from "../../images/engine.ts";

/** What this backend must know of the process it runs in. */
export type DockerSetup = {
  readonly engine: Engine;
  readonly uid: number;
  readonly gid: number;
  readonly platform: NodeJS.Platform;
  readonly arch: NodeJS.Architecture;
  /** Name of this machine, by which its own engine is told from one elsewhere */
  readonly machine: string;
  /** Path of the running Node, for images without one */
  readonly nodePath: string;
  /** `~/.bot-bottle`: tells the guests of one home from those of another */
  readonly home: string;
  /** What can be made again at any time */
  readonly cacheFolder: string;
  /** File with the text of what runs inside as main process */
  readonly guestProgram: string;
  /** Whether anything may be written or run before a guest is made; a dry run only looks */
  readonly mayTry: boolean;
  /** `BOTTLE_DOCKER_LINK`: `streams` keeps sockets from being used where they would work */
  readonly link: string | undefined;
  /** `BOTTLE_DOCKER_CALLS`: `command` keeps the engine's socket from being used where it would work */
  readonly calls: string | undefined;
};

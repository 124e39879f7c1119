import type { Exit } from "../../base/process.ts";
import type { GuestCommand, GuestStreams } from "../backend.ts";
import type { Link } from "../link.ts";
import type { MainProcess } from "../main-process.ts";
import type { MarkedStream } from "../marked-stream.ts";
import type { ExecParts } from "./args.ts";
import type { ContainerForm } from "./container-form.ts";

/** What is asked of an engine for one bottle: through its command, or at its socket where that is one of this machine. */
export type ContainerCalls = {
  /** Makes and starts a container that ends with its standard input, which ends with this process. */
  hold(form: ContainerForm, link: Link): Holder;
  /** Starts a launcher in a container; that it cannot be started is told by the end of its streams. */
  launch(parts: ExecParts, terminal: GuestCommand["terminal"]): Promise<LauncherClient>;
  /** Kills everything in a container; the engine's words where it may still run. */
  kill(name: string): Promise<string | undefined>;
  /** Brings a folder of a container that has ended into one of the host; one that is gone inside brings nothing. */
  collect(name: string, source: string, folder: string): Promise<void>;
  /** Ends and removes a container; one that is not there is no error. */
  remove(name: string): Promise<void>;
  /** Removes a volume; one that is not there is no error. */
  removeVolume(name: string): Promise<void>;
};

/** A container that is held. */
export type Holder = MainProcess & {
  /** Resolves when the container has ended */
  readonly exit: Promise<unknown>;
  /** Lets go of the container, which ends by that. */
  release(): void;
};

/** A launcher that was started, and its streams. */
export type LauncherClient = {
  readonly streams: GuestStreams;
  readonly marks: MarkedStream;
  /** Resolves with the exit of what the launcher became */
  readonly exit: Promise<Exit>;
  /** Lets go of it without waiting. */
  kill(): void;
  close(): void;
};

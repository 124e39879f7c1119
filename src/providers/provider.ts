import type { SeedFile } from "../plan/planned-provider.ts";
import type { CredentialForm } from "./credential-form.ts";
import type { PinnedProgram } from "./pinned-program.ts";

/** The adapter for one coding agent program: everything about it that is not about bottles. Values and pure functions only. */
export type Provider = {
  readonly name: string;
  /** What people call it */
  readonly title: string;
  /** Name of its program on the PATH */
  readonly program: string;
  /** Version from npm that is used unless somebody asks for another; undefined where the operator must bring the program */
  readonly pinned: PinnedProgram | undefined;
  /** Words to start it with, its program first */
  argv(start: AgentStart): readonly string[];
  /** Whether an interactive start takes a first task */
  readonly takesPrompt: boolean;
  /** Variables it gets inside besides the placeholder of its credential */
  readonly env: Readonly<Record<string, string>>;
  /** Hosts that are the provider's to route; the credential is added there and nowhere else */
  readonly hosts: readonly string[];
  /**
   * Paths of those hosts, with all below them, that the program needs; all when empty. A credential is good for more than
   * asking a model: some paths give out another credential, in an answer that the program inside can read.
   */
  readonly paths: readonly string[];
  /** How a credential is told apart and sent, the first that fits; empty for a program that needs none */
  readonly forms: readonly CredentialForm[];
  /** Lines that say where to get a credential */
  readonly advice: readonly string[];
  /** A request that costs nothing and is answered 401 exactly when the credential is not accepted */
  readonly probe: ProviderProbe | undefined;
  /** Files of its home folder, so that the first screen is the prompt */
  files(seed: AgentSeed): readonly SeedFile[];
  /** Folder below home that it reads skills from */
  readonly skills: string | undefined;
  /** Hosts that it asks for and does without */
  readonly optionalHosts: readonly string[];
};

/** How an agent program is to be started. */
export type AgentStart = {
  /** With a terminal of its own; else it reads its task from standard input and ends */
  readonly interactive: boolean;
  /** The operator's own flags for it */
  readonly flags: readonly string[];
  /** First task of an interactive agent */
  readonly prompt: string | undefined;
  /** Whether the operator's instructions lie in `PROMPT_FILE` */
  readonly hasInstructions: boolean;
};

/** What the home folder of an agent is made from. */
export type AgentSeed = {
  readonly workspace: string;
  /** The agent's system prompt, empty when there is none */
  readonly instructions: string;
  /** The placeholder that the agent takes for its credential */
  readonly placeholder: string;
  /** The operator's own settings, which win over ours */
  readonly settings: Readonly<Record<string, unknown>>;
};

/** A request that tries a credential. */
export type ProviderProbe = {
  readonly host: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: string;
};

/** Where the operator's instructions lie below home, for programs that take a file. */
export const PROMPT_FILE = ".config/bot-bottle/instructions.md";

import type { SecretRef } from "../manifest/bottle.ts";

/** The agent program of a plan: where it comes from, and the credential that stays outside. */
export type PlannedProvider = {
  readonly name: string;
  readonly title: string;
  /** Name of its program on the PATH inside */
  readonly command: string;
  readonly program: PlannedProgram;
  /** Where its credential comes from; undefined for a program that needs none */
  readonly credential: SecretRef | undefined;
  /** Hosts that get the credential, and that no route of the bottle may speak for */
  readonly hosts: readonly string[];
  /** The operator's settings for it, in its own words */
  readonly settings: Readonly<Record<string, unknown>>;
};

/** Where an agent's program comes from. */
export type PlannedProgram =
  /** The version that this version of ours was tried with, from npm into our own cache */
  | {
      readonly kind: "pinned";
      readonly package: string;
      readonly version: string;
      readonly folder: string;
      /** Bytes to be fetched first; 0 when the cache has it */
      readonly fetches: number;
    }
  /** A program file of the operator's own */
  | {
      readonly kind: "installed";
      readonly file: string;
      /** Folder that holds it and what it needs; undefined when it is a file of its own */
      readonly folder: string | undefined;
    }
  /** One that is inside anyway */
  | { readonly kind: "inside" };

/** A file of a bottle's home folder, relative to it. */
export type SeedFile = { readonly path: string; readonly content: string | Uint8Array; readonly mode?: number };

/** What a provider says of itself, as far as planning needs it. */
export type ProviderFacts = {
  readonly name: string;
  readonly title: string;
  readonly command: string;
  readonly hosts: readonly string[];
  readonly needsCredential: boolean;
  /** Variables in which it looks for its credential */
  readonly variables: readonly string[];
  /** Lines that say where to get a credential */
  readonly advice: readonly string[];
  readonly takesPrompt: boolean;
  readonly takesSkills: boolean;
  /** Where its program comes from, or why there is none */
  readonly program: PlannedProgram | { readonly kind: "missing"; readonly why: string; readonly hint: string };
  /** Words to start it with */
  argv(start: {
    readonly interactive: boolean;
    /** The operator's own flags for it */
    readonly flags: readonly string[];
    readonly prompt: string | undefined;
    readonly hasInstructions: boolean;
  }): readonly string[];
};

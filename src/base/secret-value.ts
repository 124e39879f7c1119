import { inspect } from "node:util";

/** A secret that refuses to become text by accident: every way of printing it gives its name. */
export class SecretValue {
  readonly #value: string;
  /** Name of the secret, safe to print */
  readonly name: string;

  constructor(name: string, value: string) {
    this.name = name;
    this.#value = value;
  }

  /** The secret itself; `purpose` says at the call site why it must be known there. */
  expose(_purpose: string): string {
    return this.#value;
  }

  toString(): string {
    return `[secret ${this.name}]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

import type { Finding } from "../../detect/finding.ts";
import { scanInjections } from "../../detect/scan-injections.ts";
import type { Body } from "../server/body.ts";

/** Learns of orders to the agent in a reply; may throw in order to cut it off. */
export type OnInjection = (finding: Finding) => void;

const STEP_BYTES = 32 * 1024;
const KEPT_BYTES = 4 * 1024;
const SNIFFED_BYTES = 512;

/** Whether bytes are no text: a stray byte of another kind makes none, so that nothing hides behind one. */
export function isBinary(bytes: Buffer): boolean {
  const sample = bytes.subarray(0, SNIFFED_BYTES);
  let odd = 0;
  for (const byte of sample) if (byte < 0x20 && byte !== 0 && (byte < 0x09 || byte > 0x0d)) odd++;
  return odd > sample.length / 16;
}

/**
 * A reply that is read as it passes, in steps that overlap. With `hold` nothing passes before it was read; without, nothing
 * waits. After the first finding that does not cut it off the rest passes unread.
 */
export class WatchedBody implements Body {
  readonly #body: Body;
  readonly #hold: boolean;
  readonly #onFound: OnInjection;
  /** Bytes that were read before, for what began in them, then those that were not read yet */
  #window: Buffer[] = [];
  #size = 0;
  #read = 0;
  #watching = true;
  #begun = false;
  #done = false;

  constructor(body: Body, hold: boolean, onFound: OnInjection) {
    this.#body = body;
    this.#hold = hold;
    this.#onFound = onFound;
  }

  get done(): boolean {
    return this.#done;
  }

  tryRead(): undefined {
    return undefined;
  }

  async read(): Promise<Buffer | undefined> {
    const out: Buffer[] = [];
    while (!this.#done) {
      const piece = await this.#body.read();
      this.#done = piece === undefined;
      if (piece !== undefined) {
        this.#take(piece);
        out.push(piece);
      }
      if (this.#watching && (this.#done || this.#size - this.#read >= STEP_BYTES)) this.#scan();
      else if (this.#hold && this.#watching) continue;
      if (out.length > 0) return out.length === 1 ? out[0] : Buffer.concat(out);
    }
    return undefined;
  }

  #take(piece: Buffer): void {
    if (!this.#begun) this.#watching = !isBinary(piece);
    this.#begun = true;
    if (!this.#watching) return;
    this.#window.push(piece);
    this.#size += piece.length;
  }

  #scan(): void {
    const bytes = Buffer.concat(this.#window);
    const found = scanInjections(bytes);
    const kept = bytes.subarray(Math.max(0, bytes.length - KEPT_BYTES));
    this.#window = [kept];
    this.#size = kept.length;
    this.#read = kept.length;
    if (found === undefined) return;
    this.#watching = false;
    this.#onFound(found);
  }
}

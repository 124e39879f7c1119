import { Malformed } from "../wire/malformed.ts";
import { MessageReader } from "../wire/websocket-messages.ts";
import { SaidTexts } from "./said-texts.ts";
import { isBinary, type OnInjection } from "./watched-body.ts";

/**
 * Reads what a server says over a websocket for orders to the agent, message by message, whatever it was cut into. With `hold`
 * a message passes on as a whole, once it was read; without, nothing waits. After a finding that does not end the connection
 * the rest passes unread, and without `hold` also after what cannot be read.
 */
export class WatchedMessages {
  readonly #hold: boolean;
  readonly #onFound: OnInjection;
  readonly #messages = new MessageReader("server");
  readonly #said = new SaidTexts();
  #watching = true;

  constructor(hold: boolean, onFound: OnInjection) {
    this.#hold = hold;
    this.#onFound = onFound;
  }

  /** What may pass on now that these bytes came. With `hold` throws what `onFound` throws, and `Malformed` for what cannot be read. */
  async push(bytes: Buffer): Promise<Buffer> {
    if (!this.#watching) return bytes;
    if (this.#hold) return this.#takeClean(bytes);
    try {
      await this.#takeClean(bytes);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.#watching = false;
    }
    return bytes;
  }

  async #takeClean(bytes: Buffer): Promise<Buffer> {
    const out: Buffer[] = [];
    for (const { kind, payload, raw } of this.#messages.push(bytes)) {
      if (kind === "data") await this.#read(payload);
      out.push(...raw);
    }
    return Buffer.concat(out);
  }

  async #read(message: Buffer): Promise<void> {
    if (!this.#watching || isBinary(message)) return;
    const found = await this.#said.scanLong(message.toString("utf8"));
    if (found === undefined) return;
    this.#watching = this.#hold; // where it is held, a finding ends the connection
    this.#onFound(found);
  }
}

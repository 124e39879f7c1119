import { MessageReader } from "../wire/websocket-messages.ts";
import { refuseFinding, refuseFull } from "./refuse-finding.ts";
import { ScreenedOut } from "./screened-out.ts";
import type { Screener } from "./screener.ts";
import { type Asked, type Decide, settle } from "./settle.ts";
import { textPieces } from "./values.ts";

const REMEMBERED = 4 * 1024;
const WHERE = "websocket message";
/** What a sender writes before a part of something: `part 2: …` */
const LABEL = /^[\w .#-]{1,24}[:=]\s*(?=[^\s=])/;

/** Screens what a client says over a websocket: a message passes on as a whole, once it and those before it are clean. */
export class MessageScreen {
  readonly #screener: Screener;
  readonly #asked: Asked;
  readonly #decide: Decide;
  readonly #messages = new MessageReader("client");
  #before = "";
  #held = 0;

  constructor(screener: Screener, asked: Asked, decide: Decide) {
    this.#screener = screener;
    this.#asked = asked;
    this.#decide = decide;
  }

  /** What may pass on now that these bytes came. Throws `ScreenedOut` for a finding, `Malformed` for what cannot be read. */
  async push(bytes: Buffer): Promise<Buffer> {
    if (!this.#screener.held.take(bytes.length)) throw new ScreenedOut(refuseFull());
    this.#held += bytes.length;
    const out: Buffer[] = [];
    for (const { payload, raw } of this.#messages.push(bytes)) {
      await this.#check(payload);
      out.push(...raw);
    }
    this.#release(this.#held - this.#messages.waiting);
    return Buffer.concat(out);
  }

  /** Gives back the memory of what will not become whole any more. */
  close(): void {
    this.#release(this.#held);
  }

  #release(bytes: number): void {
    this.#screener.held.give(bytes);
    this.#held -= bytes;
  }

  async #check(message: Buffer): Promise<void> {
    const scan = () => this.#screener.scan(message, this.#asked.compiled);
    const refusal = await settle(this.#asked, scan, WHERE, this.#decide);
    if (refusal !== undefined) throw new ScreenedOut(refusal);
    if (message.length > REMEMBERED) return;
    const text = (await this.#screener.clear(message, this.#asked.compiled)).toString("utf8");
    const piece = text.replace(LABEL, "");
    const pieces = textPieces(text) ?? [];
    const { compiled, destination } = this.#asked;
    const joined = await this.#screener.join(destination.to.host.text, pieces, compiled);
    if (joined !== undefined) throw this.#refuse(joined);
    const before = (this.#before + piece).slice(-REMEMBERED);
    const [split] = this.#before === "" ? [] : await this.#screener.scan(Buffer.from(before), compiled);
    if (split !== undefined) throw this.#refuse({ ...split, encodings: ["split over messages", ...split.encodings] });
    this.#before = before;
  }

  #refuse(finding: Parameters<typeof refuseFinding>[1]): ScreenedOut {
    return new ScreenedOut(refuseFinding(this.#asked.compiled.route, finding, WHERE));
  }
}

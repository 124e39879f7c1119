import { Malformed } from "../wire/malformed.ts";
import { type Frame, FrameReader } from "../wire/websocket-frames.ts";
import { refuseFinding } from "./refuse-finding.ts";
import { ScreenedOut } from "./screened-out.ts";
import type { Screener } from "./screener.ts";
import { type Asked, type Decide, settle } from "./settle.ts";

const LARGEST_MESSAGE = 16 * 1024 * 1024;
const REMEMBERED = 4 * 1024;
const WHERE = "websocket message";
/** What a sender writes before a part of something: `part 2: …` */
const LABEL = /^[\w .#-]{1,24}[:=]\s*(?=[^\s=])/;

/** Screens what a client says over a websocket: a message passes on as a whole, once it and those before it are clean. */
export class MessageScreen {
  readonly #screener: Screener;
  readonly #asked: Asked;
  readonly #decide: Decide;
  readonly #frames = new FrameReader("client");
  #open: Frame[] = [];
  #openBytes = 0;
  #before = "";

  constructor(screener: Screener, asked: Asked, decide: Decide) {
    this.#screener = screener;
    this.#asked = asked;
    this.#decide = decide;
  }

  /** What may pass on now that these bytes came. Throws `ScreenedOut` for a finding, `Malformed` for what cannot be read. */
  async push(bytes: Buffer): Promise<Buffer> {
    const out: Buffer[] = [];
    for (const frame of this.#frames.push(bytes)) {
      if (frame.opcode >= 8) {
        await this.#check(frame.payload);
        out.push(frame.raw);
        continue;
      }
      this.#open.push(frame);
      this.#openBytes += frame.payload.length;
      if (this.#openBytes > LARGEST_MESSAGE)
        throw new Malformed(`a websocket message larger than ${LARGEST_MESSAGE} bytes`);
      if (!frame.final) continue;
      await this.#check(Buffer.concat(this.#open.map(({ payload }) => payload)));
      out.push(...this.#open.map(({ raw }) => raw));
      this.#open = [];
      this.#openBytes = 0;
    }
    return Buffer.concat(out);
  }

  async #check(message: Buffer): Promise<void> {
    const scan = () => this.#screener.scan(message, this.#asked.compiled);
    const refusal = await settle(this.#asked, scan, WHERE, this.#decide);
    if (refusal !== undefined) throw new ScreenedOut(refusal);
    if (message.length > REMEMBERED) return;
    const text = (await this.#screener.clear(message, this.#asked.compiled)).toString("utf8");
    const pieces = [{ name: "websocket", value: text.replace(LABEL, "") }];
    const { compiled, destination } = this.#asked;
    const joined = await this.#screener.join(destination.to.host.text, pieces, compiled);
    if (joined !== undefined) throw this.#refuse(joined);
    const before = (this.#before + (pieces[0]?.value ?? "")).slice(-REMEMBERED);
    const [split] = this.#before === "" ? [] : await this.#screener.scan(Buffer.from(before), compiled);
    if (split !== undefined) throw this.#refuse({ ...split, encodings: ["split over messages", ...split.encodings] });
    this.#before = before;
  }

  #refuse(finding: Parameters<typeof refuseFinding>[1]): ScreenedOut {
    return new ScreenedOut(refuseFinding(this.#asked.compiled.route, finding, WHERE));
  }
}

import type { CompiledRoute } from "../2-route/compiled-policy.ts";
import type { Refusal } from "../refusal.ts";
import { Malformed } from "../wire/malformed.ts";
import { type ClientFrame, FrameReader } from "../wire/websocket-frames.ts";
import { refuseFinding } from "./refuse-finding.ts";
import { ScreenedOut } from "./screened-out.ts";
import type { Screener } from "./screener.ts";

const LARGEST_MESSAGE = 16 * 1024 * 1024;
const REMEMBERED = 4 * 1024;
/** What a sender writes before a part of something: `part 2: …` */
const LABEL = /^[\w .#-]{1,24}[:=]\s*/;

/** Screens what a client says over a websocket: a message passes on as a whole, once it and those before it are clean. */
export class MessageScreen {
  readonly #screener: Screener;
  readonly #compiled: CompiledRoute;
  readonly #host: string;
  readonly #frames = new FrameReader();
  #open: ClientFrame[] = [];
  #openBytes = 0;
  #before = "";

  constructor(screener: Screener, compiled: CompiledRoute, host: string) {
    this.#screener = screener;
    this.#compiled = compiled;
    this.#host = host;
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
    const [found] = await this.#screener.scan(message, this.#compiled);
    if (found !== undefined) throw this.#refuse(found);
    if (message.length > REMEMBERED) return;
    const text = message.toString("utf8");
    const pieces = [{ name: "websocket", value: text.replace(LABEL, "") }];
    const joined = this.#screener.join(this.#host, pieces, this.#compiled);
    if (joined !== undefined) throw this.#refuse(joined);
    const before = (this.#before + (pieces[0]?.value ?? "")).slice(-REMEMBERED);
    const [split] = this.#before === "" ? [] : await this.#screener.scan(Buffer.from(before), this.#compiled);
    if (split !== undefined) throw this.#refuse({ ...split, encodings: ["split over messages", ...split.encodings] });
    this.#before = before;
  }

  #refuse(finding: Parameters<typeof refuseFinding>[1]): ScreenedOut {
    const refusal: Refusal = refuseFinding(this.#compiled.route, finding, "websocket message");
    return new ScreenedOut(refusal);
  }
}

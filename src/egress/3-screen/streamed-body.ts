import type { CompiledRoute } from "../2-route/compiled-policy.ts";
import type { Body } from "../server/body.ts";
import { refuseFinding } from "./refuse-finding.ts";
import { ScreenedOut } from "./screened-out.ts";
import type { Screener } from "./screener.ts";

const STEP_BYTES = 128 * 1024;
/** What is kept back, so that no secret up to this length has left in part when its end is seen */
const KEPT_BYTES = 16 * 1024;

/** A body too large to hold, screened as it passes; `read` throws `ScreenedOut` before the end of anything found leaves. */
export class StreamedBody implements Body {
  readonly #body: Body;
  readonly #screener: Screener;
  readonly #compiled: CompiledRoute;
  /** Screened bytes that are kept back, then those that were not screened yet */
  #pending: Buffer[];
  #size: number;
  #done = false;

  /** `begun` is what was read of the body already. */
  constructor(body: Body, begun: readonly Buffer[], screener: Screener, compiled: CompiledRoute) {
    this.#body = body;
    this.#screener = screener;
    this.#compiled = compiled;
    this.#pending = [...begun];
    this.#size = begun.reduce((sum, { length }) => sum + length, 0);
  }

  get done(): boolean {
    return this.#done;
  }

  async read(): Promise<Buffer | undefined> {
    if (this.#done) return undefined;
    while (this.#size < STEP_BYTES + KEPT_BYTES) {
      const piece = await this.#body.read();
      if (piece === undefined) return this.#finish();
      this.#pending.push(piece);
      this.#size += piece.length;
    }
    const bytes = await this.#screen();
    const kept = bytes.subarray(bytes.length - KEPT_BYTES);
    this.#pending = [kept];
    this.#size = kept.length;
    return bytes.subarray(0, bytes.length - KEPT_BYTES);
  }

  tryRead(): undefined {
    return undefined;
  }

  async #finish(): Promise<Buffer | undefined> {
    const bytes = await this.#screen();
    this.#done = true;
    return bytes.length === 0 ? undefined : bytes;
  }

  async #screen(): Promise<Buffer> {
    const bytes = Buffer.concat(this.#pending);
    const [finding] = await this.#screener.scan(bytes, this.#compiled);
    if (finding !== undefined) throw new ScreenedOut(refuseFinding(this.#compiled.route, finding, "body"));
    return bytes;
  }
}

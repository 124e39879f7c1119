import type { Finding } from "../../detect/finding.ts";
import type { Body } from "../server/body.ts";
import { SaidTexts } from "./said-texts.ts";
import type { OnInjection } from "./watched-body.ts";

/** A longer event is read in parts */
const LONGEST_EVENT = 256 * 1024;
const END = /\r?\n\r?\n|\r\r/g;

/** A stream of events, or of lines, of which each passes once it was read: alone, and after what came before it in the same place. */
export class WatchedEvents implements Body {
  readonly #body: Body;
  readonly #hold: boolean;
  readonly #onFound: OnInjection;
  readonly #end: RegExp;
  readonly #said = new SaidTexts();
  #open = "";
  #found: Finding | undefined;
  #watching = true;
  #done = false;

  constructor(body: Body, kind: "events" | "lines", hold: boolean, onFound: OnInjection) {
    this.#body = body;
    this.#hold = hold;
    this.#onFound = onFound;
    this.#end = kind === "events" ? END : /\n/g;
  }

  get done(): boolean {
    return this.#done;
  }

  tryRead(): undefined {
    return undefined;
  }

  async read(): Promise<Buffer | undefined> {
    while (!this.#done) {
      if (this.#found !== undefined) this.#tell(this.#found);
      const piece = await this.#body.read();
      this.#done = piece === undefined && this.#found === undefined;
      if (!this.#watching) return piece;
      this.#open += piece?.toString("latin1") ?? "";
      const clean = this.#takeClean(piece === undefined);
      if (!this.#hold) {
        if (this.#found !== undefined) this.#tell(this.#found);
        if (piece !== undefined) return piece;
      } else if (clean !== "") return Buffer.from(clean, "latin1");
    }
    return undefined;
  }

  #tell(found: Finding): void {
    this.#found = undefined;
    this.#watching = false;
    this.#onFound(found);
  }

  /** The events that are whole and clean; what is not whole stays. */
  #takeClean(isEnd: boolean): string {
    const ends = [...this.#open.matchAll(this.#end)].map((match) => match.index + match[0].length);
    if (isEnd || this.#open.length > LONGEST_EVENT) ends.push(this.#open.length);
    let clean = 0;
    for (const end of ends) {
      this.#found = this.#scan(Buffer.from(this.#open.slice(clean, end), "latin1").toString("utf8"));
      if (this.#found !== undefined) {
        this.#done = false; // it is told first
        break;
      }
      clean = end;
    }
    const passed = this.#open.slice(0, clean);
    this.#open = this.#found === undefined ? this.#open.slice(clean) : "";
    return passed;
  }

  #scan(event: string): Finding | undefined {
    const data = event
      .split(/\r?\n/)
      .map((line) => line.replace(/^data: ?/, ""))
      .join("\n");
    return this.#said.scan(data);
  }
}

import type { Finding } from "../../detect/finding.ts";
import { scanInjections, scanReply } from "../../detect/scan-injections.ts";

/** Characters of earlier texts in which an order may have begun */
const KEPT = 2 * 1024;
const MOST_KEYS = 16;
/** Longer texts are read slice by slice, so that other work goes on meanwhile */
const LONG = 32 * 1024;

/** Texts that come one after the other: each is read alone, and after what came before it in the same place. */
export class SaidTexts {
  readonly #said = new Map<string, string>();

  /** The order to the agent that a text gives, or completes. */
  scan(text: string): Finding | undefined {
    return scanInjections(Buffer.from(text)) ?? this.#scanSaid(text);
  }

  /** The same for a text of any length. */
  async scanLong(text: string): Promise<Finding | undefined> {
    return text.length <= LONG ? this.scan(text) : scanReply(Buffer.from(text));
  }

  /** A model says a few letters at a time: what one key says over several texts is read as one text. */
  #scanSaid(data: string): Finding | undefined {
    for (const [key, value] of textsOf(data)) {
      const said = ((this.#said.get(key) ?? "") + value).slice(-KEPT);
      this.#said.delete(key);
      this.#said.set(key, said);
      if (this.#said.size > MOST_KEYS) this.#said.delete(this.#said.keys().next().value ?? "");
      const found = said.length === value.length ? undefined : scanInjections(Buffer.from(said));
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function textsOf(data: string): readonly (readonly [string, string])[] {
  const at = data.search(/[[{]/);
  if (at === -1) return [["", data]];
  const texts: (readonly [string, string])[] = [];
  try {
    JSON.parse(data.slice(at), (key, value: unknown) => {
      if (typeof value === "string") texts.push([key, value]);
      return value;
    });
  } catch {
    return [["", data]];
  }
  return texts;
}

import { setTimeout as sleep } from "node:timers/promises";
import { listNames, openNamelessFile } from "../base/files.ts";
import type { ObjectFormat } from "./mirror-config.ts";
import { MOST_PACK_BYTES } from "./packets.ts";

type NamelessFile = Awaited<ReturnType<typeof openNamelessFile>>;

/** How often what has arrived is looked for, `ms` */
const LOOK_MS = 10;
/** After that time without a byte an empty piece is given, `ms` */
const QUIET_MS = 5_000;
const CHECKSUM_BYTES = { sha1: 20, sha256: 32 } as const;

/**
 * A pack that git is receiving, to be read from its beginning by whoever comes, as fast as each can, while it still grows. It
 * is a file without a name: nobody's slowness stops git or fills memory, and no end of this process leaves it behind.
 */
export class ArrivingPack {
  readonly #file: NamelessFile;
  #readers = 0;
  #state: "arriving" | "whole" | "broken" = "arriving";

  private constructor(file: NamelessFile) {
    this.#file = file;
  }

  /** Makes an empty one in a folder. */
  static async open(folder: string): Promise<ArrivingPack> {
    return new ArrivingPack(await openNamelessFile(folder));
  }

  /** Where git writes it. */
  get descriptor(): number {
    return this.#file.fd;
  }

  /** Whether all of it is there, some of it will never be, or more arrives; who has not begun to read by the end is late. */
  get state(): "arriving" | "whole" | "broken" {
    return this.#state;
  }

  /**
   * Whether it ends as a pack does that git keeps in a folder, by the checksum in its name: where the disk has no more room for
   * it, git goes on without it.
   */
  async isKeptIn(folder: string, format: ObjectFormat): Promise<boolean> {
    const { size } = await this.#file.stat();
    const bytes = CHECKSUM_BYTES[format];
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(bytes), 0, bytes, Math.max(0, size - bytes));
    const name = `pack-${buffer.toString("hex", 0, bytesRead)}.pack`;
    return (await listNames(folder))?.includes(name) === true;
  }

  /** Says that nothing more will arrive; called once. */
  async end(isWhole: boolean): Promise<void> {
    this.#state = isWhole ? "whole" : "broken";
    await this.#closeUnread();
  }

  /** What has arrived and what arrives until the end. An empty piece says that there is nothing for the moment. */
  async *read(): AsyncGenerator<Buffer, void> {
    this.#readers += 1;
    try {
      for (let at = 0, quiet = 0; ; ) {
        const ended = this.#state !== "arriving"; // looked at first: what came before the end is read
        const { bytesRead, buffer } = await this.#file.read(
          Buffer.allocUnsafe(MOST_PACK_BYTES),
          0,
          MOST_PACK_BYTES,
          at,
        );
        if (bytesRead > 0) {
          yield buffer.subarray(0, bytesRead);
          at += bytesRead;
          quiet = 0;
        } else if (ended) {
          return;
        } else {
          await sleep(LOOK_MS);
          quiet += LOOK_MS;
          if (quiet % QUIET_MS === 0) yield Buffer.alloc(0);
        }
      }
    } finally {
      this.#readers -= 1;
      await this.#closeUnread();
    }
  }

  async #closeUnread(): Promise<void> {
    if (this.#state !== "arriving" && this.#readers === 0) await this.#file.close();
  }
}

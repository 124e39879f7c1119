import type { Socket } from "node:net";
import { PeerGone } from "./peer-gone.ts";

type Failure = { readonly why: "closed" | "silent"; readonly cause: unknown };

const HIGH_WATER_BYTES = 128 * 1024;
const JOINED_BYTES = 16 * 1024;
const LINGER_MS = 2_000;
const LEAST_TIMER_MS = 100;
const LINGER_BYTES = 4 * 1024 * 1024;

/**
 * A socket that is read by asking and written with back-pressure. Time counts only while somebody waits for the peer, so
 * neither a slow server nor a slow client can be mistaken for the other. One reader at a time.
 */
export class Channel {
  readonly #socket: Socket;
  readonly #idleMs: number;
  readonly #closeListeners = new Set<() => void>();
  readonly #goneListeners = new Set<() => void>();
  #queue: Buffer[] = [];
  #queued = 0;
  #ended = false;
  #failure: Failure | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;
  /** Since when the peer could have said something: the reader has waited, and nothing was written */
  #silentSince = 0;
  /** How long the reader waits, `ms` */
  #patience = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer goes off */
  #timerAt = 0;

  /** Takes over the socket: from now on nobody else may listen to it. */
  constructor(socket: Socket, idleMs: number) {
    this.#socket = socket;
    this.#idleMs = idleMs;
    socket.setNoDelay(true);
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("error", this.#onError);
    socket.on("close", this.#onClose);
    socket.on("drain", this.#onDrain);
    socket.on("timeout", this.#onTimeout);
    if (socket.destroyed) this.#fail("closed");
  }

  /** Whether nothing more can be read or written. */
  get closed(): boolean {
    return this.#failure !== undefined || this.#socket.destroyed;
  }

  /** Whether the peer has sent its last byte. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Bytes that have come and were not read yet. */
  get buffered(): number {
    return this.#queued;
  }

  /** The next bytes, or undefined when the peer has sent all. Throws `PeerGone` after `waitMs` of silence. */
  async read(waitMs = this.#idleMs): Promise<Buffer | undefined> {
    for (;;) {
      const bytes = this.tryRead();
      if (bytes !== undefined) return bytes;
      if (this.#ended) return undefined;
      if (this.#failure !== undefined) throw this.#gone();
      await this.#wait("reader", waitMs);
    }
  }

  /** Bytes that are already there. */
  tryRead(): Buffer | undefined {
    const bytes = this.#queue.shift();
    if (bytes === undefined) return undefined;
    this.#queued -= bytes.length;
    if (this.#queued < HIGH_WATER_BYTES && this.#socket.isPaused()) this.#socket.resume();
    return bytes;
  }

  /** Puts bytes back in front of everything that was not read yet. */
  unread(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#queue.unshift(bytes);
    this.#queued += bytes.length;
  }

  /** Writes; the promise is there only when the peer must catch up first. Throws `PeerGone`. */
  write(bytes: Buffer): Promise<void> | undefined {
    if (this.closed) throw this.#gone();
    this.#silentSince = performance.now();
    return this.#socket.write(bytes) ? undefined : this.#drained();
  }

  /** Writes several pieces as one: small ones are joined, because each write costs a call into the system. */
  writeAll(pieces: readonly Buffer[]): Promise<void> | undefined {
    const [only] = pieces;
    if (pieces.length === 1 && only !== undefined) return this.write(only);
    const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (total <= JOINED_BYTES) return this.write(Buffer.concat(pieces, total));
    if (this.closed) throw this.#gone();
    this.#silentSince = performance.now();
    this.#socket.cork();
    let flowing = true;
    for (const piece of pieces) flowing = this.#socket.write(piece);
    this.#socket.uncork();
    return flowing ? undefined : this.#drained();
  }

  /** Calls back once when the connection is gone; the returned function takes the listener away. */
  onClose(listener: () => void): () => void {
    if (this.closed) listener();
    else this.#closeListeners.add(listener);
    return () => this.#closeListeners.delete(listener);
  }

  /** Calls back once when the peer has sent its last byte or is gone; the returned function takes the listener away. */
  onGone(listener: () => void): () => void {
    if (this.#ended || this.closed) listener();
    else this.#goneListeners.add(listener);
    return () => this.#goneListeners.delete(listener);
  }

  /** Sends what was written, tells the peer that nothing follows, and reads on for a moment so that it can see the answer. */
  async finish(): Promise<void> {
    if (this.closed) return;
    this.#socket.end();
    const deadline = performance.now() + LINGER_MS;
    let budget = LINGER_BYTES;
    try {
      while (budget > 0 && performance.now() < deadline) {
        const bytes = await this.read(Math.max(1, deadline - performance.now()));
        if (bytes === undefined) break;
        budget -= bytes.length;
      }
    } catch (error) {
      if (!(error instanceof PeerGone)) throw error;
    }
    if (this.#ended && !this.#socket.destroyed) await this.#wait("writer", LINGER_MS).catch(() => {});
    this.destroy();
  }

  /** Tells the peer that nothing follows; reading goes on. */
  endWriting(): void {
    this.#socket.end();
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#socket.destroy();
    this.#fail("closed");
  }

  /** Gives the socket back, paused, with everything unread put back into it. */
  release(): Socket {
    const socket = this.#socket;
    socket.pause();
    socket.setTimeout(0);
    clearTimeout(this.#timer);
    socket.off("data", this.#onData);
    socket.off("end", this.#onEnd);
    socket.off("drain", this.#onDrain);
    socket.off("timeout", this.#onTimeout);
    if (this.#queued > 0) socket.unshift(Buffer.concat(this.#queue));
    this.#queue = [];
    this.#queued = 0;
    return socket;
  }

  readonly #onData = (bytes: Buffer): void => {
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    if (this.#queued >= HIGH_WATER_BYTES) this.#socket.pause();
    this.#wakeReader?.();
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#wakeReader?.();
    this.#tellGone();
  };

  readonly #onError = (error: Error): void => this.#fail("closed", error);

  readonly #onClose = (): void => this.#fail("closed");

  readonly #onDrain = (): void => this.#wakeWriter?.();

  /** A writer waits for as long as nothing is taken, which the socket knows. */
  readonly #onTimeout = (): void => {
    if (this.#wakeWriter !== undefined) this.#fallSilent();
  };

  /** Most reads end at once: the timer of an earlier one runs on, and looks whether there is still something to wait for. */
  readonly #onTimer = (): void => {
    this.#timer = undefined;
    if (this.#wakeReader === undefined) return;
    const left = this.#silentSince + this.#patience - performance.now();
    if (left > 0 || this.#wakeWriter !== undefined) this.#setTimer(Math.max(left, LEAST_TIMER_MS));
    else this.#fallSilent();
  };

  #fallSilent(): void {
    this.#fail("silent");
    this.#socket.destroy();
  }

  #setTimer(ms: number): void {
    this.#timer = setTimeout(this.#onTimer, ms);
    this.#timer.unref();
    this.#timerAt = performance.now() + ms;
  }

  #expectWithin(waitMs: number): void {
    this.#silentSince = performance.now();
    this.#patience = waitMs;
    if (this.#timer !== undefined && this.#timerAt <= this.#silentSince + waitMs) return;
    clearTimeout(this.#timer);
    this.#setTimer(waitMs);
  }

  async #drained(): Promise<void> {
    await this.#wait("writer", this.#idleMs);
    if (this.#failure !== undefined) throw this.#gone();
  }

  #wait(who: "reader" | "writer", waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (who === "reader") this.#expectWithin(waitMs);
      else this.#socket.setTimeout(waitMs);
      const earlier = who === "reader" ? this.#wakeReader : this.#wakeWriter;
      const wake = () => {
        earlier?.();
        if (who === "reader") this.#wakeReader = undefined;
        else {
          this.#wakeWriter = undefined;
          this.#socket.setTimeout(0);
        }
        resolve();
      };
      if (who === "reader") this.#wakeReader = wake;
      else this.#wakeWriter = wake;
    });
  }

  /** Made only where it is thrown: nearly every connection ends without anybody asking why. */
  #gone(): PeerGone {
    return new PeerGone(this.#failure?.why ?? "closed", this.#failure?.cause);
  }

  #fail(why: "closed" | "silent", cause?: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { why, cause };
    clearTimeout(this.#timer);
    this.#wakeReader?.();
    this.#wakeWriter?.();
    for (const listener of this.#closeListeners) listener();
    this.#closeListeners.clear();
    this.#tellGone();
  }

  #tellGone(): void {
    for (const listener of this.#goneListeners) listener();
    this.#goneListeners.clear();
  }
}

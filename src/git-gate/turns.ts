/** Lets one after the other do what must not be done at the same time. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Waits for its turn; the returned function ends it, and calling it twice is no error. */
  async take(): Promise<() => void> {
    const before = this.#last;
    let done: () => void = () => {};
    this.#last = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    return done;
  }

  /** Does something in a turn of its own. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const done = await this.take();
    try {
      return await work();
    } finally {
      done();
    }
  }
}

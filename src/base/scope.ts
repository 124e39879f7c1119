type Undo = () => void | Promise<void>;

/**
 * A stack of undo steps: whatever was opened last is closed first, every step runs even when another fails, and closing
 * twice does nothing. Failures are collected into one `AggregateError`.
 */
export class Scope implements AsyncDisposable {
  readonly #undo: { readonly what: string; readonly step: Undo }[] = [];
  #closing: Promise<void> | undefined;

  /** Registers an undo step; `what` names it in the error if it fails. On a closed scope the step runs at once. */
  defer(what: string, step: Undo): void {
    if (this.#closing === undefined) {
      this.#undo.push({ what, step });
      return;
    }
    this.#closing = this.#closing.then(step);
  }

  /** Runs all undo steps in reverse order, once. */
  close(): Promise<void> {
    this.#closing ??= this.#run();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    const failures: Error[] = [];
    for (let entry = this.#undo.pop(); entry !== undefined; entry = this.#undo.pop()) {
      try {
        await entry.step();
      } catch (cause) {
        failures.push(new Error(`could not undo: ${entry.what}`, { cause }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, failures.map((failure) => failure.message).join("; "));
  }
}

import type { Refusal } from "../refusal.ts";

/** Something was found in a body that was on its way already: nothing more of it may leave. */
export class ScreenedOut extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.name = "ScreenedOut";
    this.refusal = refusal;
  }
}

import { expect, test } from "vitest";
import { BottleError } from "../base/errors.ts";
import { keepUnless } from "./keep-results.ts";

const PLACE = { what: "the machine bb-x", command: "smolvm machine start --name bb-x" };

test("what ends well is not kept", async () => {
  let kept = 0;
  await keepUnless(
    async () => {},
    () => void kept++,
    PLACE,
  );
  expect(kept).toBe(0);
});

test.each([new Error("no such thing"), new BottleError("file/disk-full", "the disk is full")])(
  "%s keeps it, and says where it is and what brings it out",
  async (error) => {
    let kept = 0;
    const failed = keepUnless(
      () => Promise.reject(error),
      () => void kept++,
      PLACE,
    );
    await expect(failed).rejects.toMatchObject({
      code: "bottle/results-kept",
      message: `${error.message}; the machine bb-x is kept, with what the agent made`,
      hint: "`bottle cleanup` fetches it and removes the machine bb-x only then; by hand: smolvm machine start --name bb-x",
      cause: error,
    });
    expect(kept).toBe(1);
  },
);

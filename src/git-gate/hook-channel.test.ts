import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { openHookChannel, parseHookInput } from "./hook-channel.ts";

const [OLD, NEW] = ["0".repeat(40), "1".repeat(40)] as const;
const WHOLE = `quarantine /m/objects/incoming-x\n${OLD} ${NEW} refs/heads/a\nend\n`;

describe("what a hook says", () => {
  test("is a quarantine and updates", () => {
    const updates = [{ name: "refs/heads/a", old: OLD, new: NEW }];
    expect(parseHookInput(WHOLE)).toEqual({ quarantine: "/m/objects/incoming-x", updates });
    expect(parseHookInput(WHOLE.replace("/m/objects/incoming-x", ""))).toEqual({ quarantine: undefined, updates });
  });

  test.each([
    "",
    "end\n",
    WHOLE.replace("quarantine", "quarantin"),
    WHOLE.replace(OLD, "0000"),
    WHOLE.replace("refs/heads/a", "refs/heads/a b"),
    WHOLE.replace("refs/heads/a", "HEAD"),
  ])("is nothing when it is not whole: %j", (text) => expect(parseHookInput(text)).toBeUndefined());

  test("is waited for until its end; a channel that closes before says nothing", async () => {
    const channel = new PassThrough();
    const { input } = openHookChannel(channel);
    channel.write(WHOLE.slice(0, 50));
    channel.end();
    expect(await input).toBeUndefined();
  });

  test.each([
    [
      "a name with a space that is not ASCII's",
      Buffer.from(WHOLE.replace("heads/a", "heads/a\u00a0b")),
      "refs/heads/a\u00a0b",
    ],
    ["a name that is not UTF-8", Buffer.from(WHOLE.replace("heads/a", "heads/\xff"), "latin1"), undefined],
    ["something else", Buffer.from("nothing\nend\n"), undefined],
    ["more than anybody pushes", Buffer.from(WHOLE.replace("heads/a", `heads/${"a".repeat(9_000_000)}`)), undefined],
  ])("is known to be readable or not: %s", async (_what, bytes, name) => {
    const channel = new PassThrough();
    const { input } = openHookChannel(channel);
    channel.write(bytes);
    const said = await input;
    if (name === undefined) expect(said).toBe("unreadable");
    else expect(said).toMatchObject({ updates: [{ name }] });
  });

  test("is answered in lines in which nothing is left that a terminal would act upon", async () => {
    const written: string[] = [];
    const channel = new PassThrough();
    const hook = openHookChannel(channel);
    channel.write(WHOLE);
    await hook.input;
    channel.on("data", (bytes: Buffer) => written.push(bytes.toString()));
    hook.say("red \x1b[31m\naccept");
    hook.refuse();
    await new Promise((resolve) => channel.once("end", resolve));
    const lines = written.join("").trimEnd().split("\n");
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^say red /);
    expect(lines[0]).not.toContain("\x1b");
    expect(lines[1]).toBe("refuse");
  });
});

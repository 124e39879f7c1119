import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import type { JournalEvent } from "../journal/event.ts";
import type { BottlePlan } from "../plan/plan.ts";
import { openNotices } from "./notices.ts";

function open(interactive: boolean) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  // the parts of a plan that notices read
  const plan = {
    ...{ slug: "dev-ab0de", label: undefined, agent: undefined, provider: undefined },
    command: { argv: ["sh"], interactive },
  } as unknown as BottlePlan;
  const notices = openNotices({ stdout, stderr, env: { TERM: "xterm" } }, plan, ["telemetry.example.com"]);
  const said = (stream: PassThrough) => String(stream.read() ?? "");
  return { notices, title: () => said(stdout), line: () => said(stderr) };
}

const asked = (id: string): JournalEvent => {
  return {
    kind: "hold-asked",
    id,
    about: "egress-match",
    title: "POST https://a.example/\u001b]2;x\u0007",
    detectors: [],
  };
};
const ended = (id: string): JournalEvent => ({ kind: "hold-ended", id, outcome: "approved", ms: 1 });
const refused = (host: string): JournalEvent => {
  return { kind: "egress-refusal", code: "egress/host-not-allowed", rule: "no route", unwritten: 0, host };
};

describe("on a terminal", () => {
  test("the title tells how much waits, before refusals, and is calm again when nothing does", () => {
    const { notices, title, line } = open(true);
    expect(title()).toBe("\x1b[22;0t\x1b]2;dev-ab0de: sh\x07");
    notices.onEvent(asked("a"));
    expect(title()).toBe("\x1b]2;dev-ab0de: 1 waiting: bottle hold list\x07");
    notices.onEvent(asked("b"));
    notices.onEvent(refused("evil.example"));
    expect(title()).toBe("\x1b]2;dev-ab0de: 2 waiting: bottle hold list\x07");
    notices.onEvent(ended("a"));
    notices.onEvent(ended("b"));
    expect(title()).toBe("\x1b]2;dev-ab0de: 1 waiting: bottle hold list\x07\x1b]2;dev-ab0de: sh\x07");
    notices.onEvent(refused("evil.example"));
    expect(title()).toBe("\x1b]2;dev-ab0de: refused request to evil.example (egress/host-not-allowed)\x07");
    notices.close();
    expect(title()).toBe("\x1b[23;0t");
    expect(line()).toBe("");
  });
});

describe("without a terminal", () => {
  test("a line says what waits and what to type, with nothing in it that a terminal acts upon", () => {
    const { notices, title, line } = open(false);
    notices.onEvent(asked("k3x9f"));
    const text = line();
    expect(text).toContain("waits: `bottle hold approve k3x9f` or `reject`\n");
    expect(text.trimEnd()).not.toMatch(/\p{Cc}/u);
    notices.onEvent(ended("k3x9f"));
    notices.onEvent(refused("evil.example"));
    notices.onEvent(refused("evil.example"));
    notices.onEvent(refused("telemetry.example.com"));
    expect(line().match(/refused/g)).toHaveLength(1);
    expect(title()).toBe("");
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findGuests, isNameTaken, isStillBusy, isUnknown, parseMachines } from "./output.ts";
import { errorWords, explainWords } from "./smolvm.ts";

const LIST = `[
  {"name":"bb-dev-abc12","state":"running","cpus":4,"memory_mib":8192,"pid":4242,"mounts":0,"ports":0,
   "created_at":1790000000,"storage_gb":null,"image":"local:ab12","entrypoint":[],"cmd":["sleep"],
   "labels":{"bot-bottle.slug":"dev-abc12","bot-bottle.home":"feed"},"network":false,"new_key":{}},
  {"name":"other","state":"frozen"}, {"state":"running"}, 7]`;

describe("what smolvm prints", () => {
  test("machines, with keys that are not known, missing or odd", () => {
    const machines = parseMachines(LIST) ?? expect.fail();
    expect(machines.map(({ name, state }) => [name, state])).toEqual([
      ["bb-dev-abc12", "running"],
      ["other", "frozen"],
    ]);
    expect(findGuests(machines, "feed")).toEqual([
      { backend: "smolmachines", slug: "dev-abc12", detail: "machine bb-dev-abc12" },
    ]);
    expect(findGuests(machines, "another")).toEqual([]);
  });

  test("text of another program is no list", () => {
    for (const text of ["", "usage: smolvm create", "{}", "No machines found"])
      expect(parseMachines(text)).toBeUndefined();
    fc.assert(fc.property(fc.string(), (text) => void parseMachines(text)));
  });

  test.each([
    ["\x1b[33mWARN\x1b[0m x error=none\nPulling 1%\rPulling 2%\nError: vm not found: N\n", "vm not found: N"],
    [
      "Error: agent operation failed: start machine: kvm not available: KVM not available.\nTry: sudo modprobe kvm",
      /^agent .*modprobe kvm$/s,
    ],
    ["error: unexpected argument '--foo' found\n\nUsage: x", /^unexpected argument/],
    ["WARN only", ""],
  ])("the error of %j", (stderr, words) => expect(errorWords(stderr)).toMatch(words));

  test.each([
    ["start machine: kvm permission denied: Cannot access /dev/kvm (permission denied).", /usermod -aG kvm/],
    ["kvm not available: KVM not available.", /modprobe/],
    ["wait for ready: agent did not become ready within 30 seconds", /--backend docker/],
    ["file manifest.json not found in tar", /update smolvm/],
    ["something else", undefined],
  ])("what mends %j", (words, fix) => {
    if (fix === undefined) expect(explainWords(words)).toBeUndefined();
    else expect(explainWords(words)).toMatch(fix);
  });

  test("names that are taken, ports that are busy, machines that are gone", () => {
    expect(isNameTaken("config operation failed: create machine: machine 'N' already exists or is being created")).toBe(
      true,
    );
    expect(isStillBusy("start machine: host port 9222 is already in use by running machine 'M'")).toBe(true);
    expect(isStillBusy("Address already in use (os error 98)")).toBe(true);
    expect(isUnknown("vm not found: N")).toBe(true);
    expect(isUnknown("config operation failed: machine status: machine 'N' not found")).toBe(true);
    expect(isUnknown("kvm not available")).toBe(false);
  });
});

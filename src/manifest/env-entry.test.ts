import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseEnvEntry } from "./env-entry.ts";
import { decideEnvName } from "./env-name.ts";

describe("parseEnvEntry", () => {
  test("a question is asked", () => {
    expect(parseEnvEntry("A", "?Token for the API")).toEqual({
      kind: "prompt",
      name: "A",
      question: "Token for the API",
    });
  });

  test(`a whole \${NAME} comes from the host`, () => {
    expect(parseEnvEntry("A", `\${GH_TOKEN}`)).toEqual({ kind: "host", name: "A", variable: "GH_TOKEN" });
  });

  test.each([
    "",
    "x",
    `a \${HOME}`,
    `\${HOME}/bin`,
    `\${}`,
    `\${1A}`,
    `\${A}\${B}`,
    "$HOME",
    `\${HOME}\n`,
    " ?x",
    `\${HOME:-x}`,
  ])("%j is taken as it is", (value) => {
    expect(parseEnvEntry("A", value)).toEqual({ kind: "literal", name: "A", value });
  });

  test("only a text that begins with ? or is one whole reference is anything but itself", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        const entry = parseEnvEntry("A", value);
        if (entry.kind === "prompt") expect(value.startsWith("?")).toBe(true);
        if (entry.kind === "host") expect(value).toBe(`\${${entry.variable}}`);
        if (entry.kind === "literal") expect(entry.value).toBe(value);
      }),
    );
  });
});

describe("decideEnvName", () => {
  test.each(["A", "_a1", "GH_TOKEN", "PATH", "NODE_OPTIONS", "home", "LDFLAGS"])("%s can be set", (name) => {
    expect(decideEnvName(name)).toEqual({ kind: "name" });
  });

  test.each([
    ["", "is not a variable's name"],
    ["1A", "is not a variable's name"],
    ["A-B", "is not a variable's name"],
    ["A=B", "is not a variable's name"],
    ["A\u0000", "is not a variable's name"],
    ["A\n", "is not a variable's name"],
    ["HOME", "is set by the bottle itself"],
    ["HTTPS_PROXY", "is set by the bottle itself"],
    ["https_proxy", "is set by the bottle itself"],
    ["BOT_BOTTLE_HOME", "keeps for itself"],
    ["LD_PRELOAD", "would load code"],
    ["LD_LIBRARY_PATH", "would load code"],
    ["DYLD_INSERT_LIBRARIES", "would load code"],
    ["GLIBC_TUNABLES", "would load code"],
    ["GCONV_PATH", "would load code"],
    ["MALLOC_PERTURB_", "would load code"],
  ])("%j is refused", (name, why) => {
    expect(decideEnvName(name)).toMatchObject({ kind: "refused", why: expect.stringContaining(why) });
  });
});

import { describe, expect, test } from "vitest";
import { parseHostPattern } from "./host-pattern.ts";
import { PRESET_NAMES, PRESETS } from "./presets-table.ts";
import { resolvePreset } from "./resolve-preset.ts";

const AT = { path: "egress.presets", file: "dev.md", line: 7, column: 3 };

describe.each(PRESET_NAMES)("the preset %s", (name) => {
  const routes = resolvePreset(name, AT);

  test("opens exact hosts, for reading and nothing else, and adds nothing to what is asked", () => {
    expect(routes.length).toBeGreaterThan(0);
    for (const route of routes) {
      expect(parseHostPattern(route.host)).toEqual({ kind: "host", host: route.host });
      expect(route.host).not.toContain("*");
      expect(route.ports.every((port) => port === 443 || port === 80)).toBe(true);
      expect(route).toMatchObject({ auth: undefined, inboundCredentials: "refuse", allowPrivate: false });
      expect(route.matches.length).toBeGreaterThan(0);
      for (const { methods, paths } of route.matches) {
        if (methods.includes("POST")) expect(paths).toEqual([{ type: "regex", value: "/[^/]+/[^/]+/git-upload-pack" }]);
        else expect(methods).toEqual(["GET", "HEAD"]);
      }
      expect(route.at).toEqual({ file: "dev.md", line: 7, preset: name });
    }
  });

  test("is documented with its hosts", async () => {
    const { readFile } = await import("node:fs/promises");
    const text = await readFile(new URL("../../docs/MANIFEST.md", import.meta.url), "utf8");
    const row = text.split("\n").find((line) => line.startsWith(`| \`${name}\` | ${PRESETS[name].title} |`)) ?? "";
    for (const { host } of routes) expect(row).toContain(host);
  });
});

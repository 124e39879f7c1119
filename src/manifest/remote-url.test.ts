import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRemoteUrl } from "./remote-url.ts";

describe("parseRemoteUrl", () => {
  test.each([
    ["ssh://git@github.com/org/repo.git", "ssh"],
    ["ssh://git@host.example:2222/repo", "ssh"],
    ["git@github.com:org/repo.git", "ssh"],
    ["https://github.com/org/repo.git", "https"],
    ["file:///srv/repo.git", "file"],
  ])("%s is reached by %s", (url, kind) => {
    expect(parseRemoteUrl(url)).toEqual({ kind, url });
  });

  test.each([
    ["", "is not a remote's address"],
    ["/srv/repo.git", "is not a remote's address"],
    ["repo", "is not a remote's address"],
    ["-oProxyCommand=x@host:path", "is not a remote's address"],
    ["git@-oProxyCommand=x:path", "is not a remote's address"],
    ["git@host:-upload", "is not a remote's address"],
    ["ssh://-oProxyCommand=x/path", "could take for an option"],
    ["ssh://-x@host/path", "could take for an option"],
    ["ssh://%2dx@host/path", "could take for an option"],
    ["ssh://%zz@host/path", "could take for an option"],
    ["ssh://git:secret@host/path", "password"],
    ["https://user@host/path", "a user in it"],
    ["https://user:secret@host/path", "password"],
    ["https://host", "no path"],
    ["https://host/path?x=1", "query"],
    ["http://host/path", "not encrypted"],
    ["git://host/path", "not encrypted"],
    ["file://host/path", "is not file:///PATH"],
    ["ext::sh -c id", "white space"],
    ["ext::id", "helper program"],
    ["fd::17", "helper program"],
    ["ftp://host/path", "does not speak"],
    ["https://host/a b", "white space"],
    ["https://host/a\u0007", "white space or invisible"],
  ])("%j is refused", (text, why) => {
    expect(parseRemoteUrl(text)).toMatchObject({ kind: "refused", why: expect.stringContaining(why) });
  });

  test("whatever is accepted cannot be read as an option or a helper, and holds no password", () => {
    const part = fc.constantFrom(
      "-",
      "git",
      "@",
      ":",
      "/",
      "//",
      "host",
      "ssh",
      "https",
      "file",
      "%",
      "ext",
      ".",
      "[",
      "]",
      "?",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(part).map((parts) => parts.join("")),
          fc.webUrl(),
        ),
        (text) => {
          const parsed = parseRemoteUrl(text);
          if (parsed.kind === "refused") return;
          expect(parsed.url).toBe(text);
          expect(text).not.toMatch(/^-|^[^:/]*@-|^[a-z]+:\/\/-|^[a-z]+:\/\/[^/]*@-|^[a-z]+::|^[a-z]+:\/\/[^/]*:[^/]*@/);
        },
      ),
      { numRuns: 500 },
    );
  });
});

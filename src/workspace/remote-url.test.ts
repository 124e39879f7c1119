import fc from "fast-check";
import { expect, test } from "vitest";
import { stripRemoteUrl } from "./remote-url.ts";

test.each([
  ["https://github.com/o/r.git", "https://github.com/o/r.git"],
  ["https://user:pass@github.com/o/r", "https://github.com/o/r"],
  ["https://token@github.com:8443/o/r?private_token=x#y", "https://github.com:8443/o/r"],
  ["https://a@b:c@github.com/o", "https://github.com/o"],
  ["ssh://git@github.com/o/r", "ssh://git@github.com/o/r"],
  ["ssh://git:pw@github.com:22/o/r", "ssh://github.com:22/o/r"],
  ["ssh://APKA123@host/o", "ssh://host/o"],
  ["git@github.com:o/r.git", "git@github.com:o/r.git"],
  ["alice@host:o/r.git", "host:o/r.git"],
  ["https://[::1]:8080/r", "https://[::1]:8080/r"],
  ["/srv/git/r.git", "/srv/git/r.git"],
  ["../r", "../r"],
  ["file:///srv/r", "file:///srv/r"],
  ["https://host/@scope/r", "https://host/@scope/r"],
])("%s becomes %s", (url, stripped) => expect(stripRemoteUrl(url)).toBe(stripped));

test.each([
  "",
  "ext::sh -c x",
  "codecommit::eu://p@r",
  "data:,x@y",
  "javascript://x",
  "https://u:p?w@host/r",
  "https://u:1/p@host/r",
  "a\nb",
  "u:p@w:x",
])("%j is dropped", (url) => expect(stripRemoteUrl(url)).toBeUndefined());

test("whatever stands as user, password, query or fragment is gone", () => {
  const word = fc.stringMatching(/^[\w%.~!$&'()*+,;=@:-]{0,20}$/).map((text) => `S3CRET${text}`);
  const scheme = fc.constantFrom("http", "https", "ssh", "git", "git+ssh");
  fc.assert(
    fc.property(scheme, word, word, word, (kind, user, password, query) => {
      const stripped = stripRemoteUrl(`${kind}://${user}:${password}@host/r?${query}#${query}`);
      expect(stripped ?? "").not.toContain("S3CRET");
    }),
  );
});

import { describe, expect, test } from "vitest";
import { makeRewritings, spellingsOf } from "./remote-spellings.ts";

describe("the spellings of an address", () => {
  test.each([
    ["git@github.com:team/app.git", "https://github.com/team/app"],
    ["git@github.com:team/app.git", "ssh://git@github.com/team/app.git"],
    ["https://github.com/team/app", "git@github.com:team/app.git"],
    ["ssh://git@github.com/team/app", "git@github.com:team/app"],
    ["ssh://me@git.example.test:2222/app.git", "ssh://me@git.example.test:2222/app"],
    ["https://git.example.test:8443/app", "https://git.example.test:8443/app.git"],
    ["file:///srv/app.git", "/srv/app.git"],
  ])("of %s have %s", (url, spelling) => expect(spellingsOf(url)).toContain(spelling));

  test.each([
    ["ssh://me@git.example.test:2222/app.git", "me@git.example.test:app"],
    ["https://git.example.test:8443/app", "https://git.example.test/app"],
    ["git@github.com:team/app.git", "git@github.com:team/application"],
  ])("of %s have not %s", (url, spelling) => expect(spellingsOf(url)).not.toContain(spelling));
});

describe("the rewritings", () => {
  const remotes = [{ name: "app", url: "git@github.com:team/app.git" }];

  test("of a bottle without remotes are none", () => expect(makeRewritings([], true)).toEqual([]));

  test("lead to the gate, and what is not declared to its page about that", () => {
    const all = makeRewritings(remotes, false);
    expect(all.find(({ from }) => from.includes("git@github.com:team/app"))?.to).toBe("http://127.0.0.1:9420/app.git");
    expect(all.find(({ from }) => from.includes("https://"))?.to).toBe("http://127.0.0.1:9420/undeclared/https://");
    expect(all.find(({ from }) => from.includes("http://127.0.0.1:9420/"))?.to).toBe("http://127.0.0.1:9420/");
  });

  test("leave https to the proxy of a bottle that has one", () => {
    expect(makeRewritings(remotes, true).flatMap(({ from }) => from)).not.toContain("https://");
  });
});

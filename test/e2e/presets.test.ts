import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { openHttpsOrigin, originAuthority } from "../socket/egress/harness.ts";
import { callers, Machine } from "./cli.ts";

const [caller = { who: "root", uid: 0 }] = callers;

describe("a bottle that names presets", () => {
  const scope = new Scope();
  const seen: string[] = [];
  let machine: Machine;

  beforeAll(async () => {
    machine = new Machine(caller);
    scope.defer("machine", () => machine.close());
    const resolve = [];
    for (const host of ["registry.npmjs.org", "github.com"]) {
      const origin = await openHttpsOrigin(scope, host, (request, response) => {
        seen.push(`${request.method} ${host}${request.url}`);
        response.end("here\n");
      });
      resolve.push(`${host}: "127.0.0.1:${origin.port}"`);
    }
    machine.write({
      "ca.pem": (await originAuthority()).certificatePem,
      "home/.bot-bottle/config.yaml": `extra_ca: ${join(machine.folder, "ca.pem")}\nresolve: {${resolve.join(", ")}}\n`,
    });
    machine.bottle("dev", "egress:\n  presets: [npm, github]");
    machine.bottle("typo", "egress:\n  presets: [nmp]");
  });
  afterAll(() => scope.close());

  test("reads from their hosts, fetches by git, and can neither write nor push there", async () => {
    const ask = (argv: string) => `curl -sS -o /dev/null -w '%{http_code} ' ${argv};`;
    const script = [
      ask("https://registry.npmjs.org/left-pad"),
      ask("-X PUT -d '{}' https://registry.npmjs.org/left-pad"),
      ask("https://github.com/a/b"),
      ask("'https://github.com/a/b.git/info/refs?service=git-upload-pack'"),
      ask(
        "-H 'Content-Type: application/x-git-upload-pack-request' -d 0000 https://github.com/a/b.git/git-upload-pack",
      ),
      ask("'https://github.com/a/b.git/info/refs?service=git-receive-pack'"),
      ask("-d x https://github.com/a/b/issues"),
      ask("-H 'Authorization: Bearer mine' https://github.com/a/b"),
    ].join("\n");
    const { code, stdout } = await machine.run(["start", "--bottle", "dev", "--", "sh", "-c", script]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "200 403 200 200 200 403 403 403 " });
    expect(seen).toEqual([
      "GET registry.npmjs.org/left-pad",
      "GET github.com/a/b",
      "GET github.com/a/b.git/info/refs?service=git-upload-pack",
      "POST github.com/a/b.git/git-upload-pack",
    ]);
  });

  test("the preflight lists their hosts, explain names the preset, and a typo is found", async () => {
    const { stdout } = await machine.run(["start", "--bottle", "dev", "--dry-run", "--", "true"]);
    expect(stdout.replaceAll(/\s+/g, " ")).toContain("preset npm, read only: registry.npmjs.org, registry.yarnpkg.com");
    const explained = await machine.run(["explain", "GET", "https://github.com/", "--bottle", "dev"]);
    expect(explained.stdout).toContain(`github.com of the preset github, ${machine.settings}/bottles/dev.md:3`);
    const typo = await machine.run(["start", "--bottle", "typo", "--", "true"]);
    expect(typo).toMatchObject({ code: 2 });
    expect(typo.stderr).toMatch(/npm/);
  });
});

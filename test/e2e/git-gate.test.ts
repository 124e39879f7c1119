import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { BASE_IMAGE, findBaseImage } from "../fixtures/docker-bottle.ts";
import { PLANTED, refsOf } from "../socket/gate/harness.ts";
import { git } from "../socket/gate/upstreams.ts";
import { type Caller, callers, Machine, type Ran, snapshot } from "./cli.ts";

// The whole program: a person's repository, a bottle with a remote, ordinary git inside.

let scope: Scope;
let machine: Machine;
let upstream: string;

beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

function openMachine(caller: Caller): void {
  machine = new Machine(caller);
  scope.defer("machine", () => machine.close());
  upstream = makeBare("upstream.git");
  machine.bottle("default", `git-gate:\n  repos:\n    app: {url: "file://${upstream}"}\n`);
}

/** A bare repository with one commit, which is the machine's user's. */
function makeBare(name: string): string {
  const path = join(machine.folder, name);
  machine.sh(`git init -q --bare -b main ${path} && git init -q -b main ${path}.seed`);
  writeFileSync(join(`${path}.seed`, "README.md"), "# A project\n");
  machine.git(`${path}.seed`, "add", ".");
  machine.git(`${path}.seed`, "commit", "-q", "-m", "first");
  machine.git(`${path}.seed`, "push", "-q", path, "main");
  return path;
}

const inside = (
  script: string,
  argv: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> =>
  machine.run(["start", "--headless", "--workspace", "none", ...argv, "--", "sh", "-ec", script], { env });

const inUpstream = (...args: readonly string[]) => git(upstream, "-c", "safe.directory=*", ...args);

describe.each(callers)("a bottle with a remote, started by $who", (caller) => {
  beforeEach(() => openMachine(caller));

  test("clones by the address of the upstream, commits as its user, pushes to branches of its own", async () => {
    machine.bottle(
      "default",
      `git-gate:\n  user: {name: Robo, email: robo@example.test}\n  repos:\n    app: {url: "file://${upstream}"}\n`,
    );
    const ran = await inside(`
      git clone -q file://${upstream} app && cd app
      echo more >more.txt && git add . && git commit -q -m more
      git push -q origin HEAD:bottle/$(hostname)/work
      git push -q origin HEAD:main || echo refused: $?
      git rev-parse HEAD
    `);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stderr).toContain("refs/heads/main is not one of the branches this bottle may push");
    const [, id = ""] = ran.stdout.trim().split("\n");
    const refs = inUpstream("for-each-ref", "--format=%(refname) %(objectname)");
    expect(refs).toMatch(new RegExp(`^refs/heads/bottle/default-[a-z0-9]{5}/work ${id}$`, "m"));
    expect(inUpstream("log", "-1", "--format=%an <%ae>", id)).toBe("Robo <robo@example.test>");
    expect(await machine.leftovers()).toEqual(["cache git"]);
  });

  test("the remote of a copied repository is the gate; a secret stays inside; `bottle gate log` tells all of it", async () => {
    machine.sh(
      `rm -rf .git && git init -q -b main && git remote add origin file://${upstream} && git fetch -q && git reset -q --hard origin/main`,
    );
    const ran = await machine.run(["start", "--headless", "--keep", "--label", "worker", "--", "sh"], {
      stdin: `
      git fetch -q && echo ok >ok.txt && git add ok.txt && git commit -q -m ok && git push -q origin HEAD:bottle/$(hostname)/ok
      echo "token = ${PLANTED}" >config && git add config && git commit -q -m config
      git push origin HEAD:bottle/$(hostname)/bad || echo refused: $?
    `,
    });
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toContain("refused: 1");
    expect(ran.stderr).toMatch(/remote: bot-bottle: {3}github-token in config, line 1, commit [0-9a-f]{12}: ghp_/);
    expect(inUpstream("for-each-ref")).not.toContain("/bad");
    const log = await machine.run(["gate", "log", "worker"]);
    expect(log.code).toBe(0);
    const lines = log.stdout.split("\n");
    expect(lines.some((line) => /git-fetch\s.*app served/.test(line))).toBe(true);
    expect(
      lines.some((line) =>
        /git-push\s.*app passed: refs\/heads\/bottle\/worker-[a-z0-9]{5}\/ok 0{9}\.\.[0-9a-f]{9}, 1 new commit/.test(
          line,
        ),
      ),
    ).toBe(true);
    expect(
      lines.some((line) => /git-push\s.*app refused \(secret\): .*github-token in config, line 1/.test(line)),
    ).toBe(true);
    expect(log.stdout).toContain("    This push has secrets in it:");
    const entries = (await machine.run(["gate", "log", "worker", "--json"])).stdout.trim().split("\n");
    expect(entries.map((entry) => (JSON.parse(entry) as { event: { kind: string } }).event.kind)).toEqual([
      "git-fetch",
      "git-push",
      "git-push",
    ]);
    expect(`${log.stdout}${ran.stderr}`).not.toContain(PLANTED);
    const journals = snapshot(machine.settings).filter((line) => line.includes("journal.jsonl"));
    expect([journals.length, journals.join().includes(PLANTED)]).toEqual([1, false]);
  });

  test("submodules that are declared, shallow and partial clones; what is not declared is refused with the line to write", async () => {
    const part = makeBare("part.git");
    machine.git(
      `${upstream}.seed`,
      "-c",
      "protocol.file.allow=always",
      "submodule",
      "--quiet",
      "add",
      "-b",
      "main",
      part,
      "part",
    );
    machine.git(
      `${upstream}.seed`,
      "config",
      "--file",
      ".gitmodules",
      "submodule.part.url",
      "git@git.example.test:team/part.git",
    );
    machine.git(`${upstream}.seed`, "commit", "-q", "-a", "-m", "part");
    machine.git(`${upstream}.seed`, "push", "-q", upstream, "main");
    machine.bottle(
      "default",
      `git-gate:\n  repos:\n    app: {url: "file://${upstream}"}\n    part: {url: "file://${part}"}\n`,
    );
    const ran = await inside(`
      git clone -q --depth=1 file://${upstream} app && cd app && git log --format=%s
      git submodule --quiet update --init || echo not declared
      git config submodule.part.url file://${part}
      git submodule --quiet update --init && cat part/README.md
      git clone -q --filter=blob:none file://${part} ../partial && cat ../partial/README.md
      git clone https://github.com/torvalds/linux 2>&1 | grep bot-bottle
      git ls-remote ssh://git@elsewhere.example.test/x.git 2>&1 | grep bot-bottle
      cd ../partial && echo x >x && git add x && git commit -q -m x && git push -q origin HEAD:bottle/$(hostname)/x
    `);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout.trim().split("\n")).toEqual([
      "part",
      "not declared",
      "# A project",
      "# A project",
      "remote: bot-bottle: https://github.com/torvalds/linux is not declared in this bottle; the operator can: git-gate.repos.NAME.url",
      "remote: bot-bottle: ssh://git@elsewhere.example.test/x.git is not declared in this bottle; the operator can: git-gate.repos.NAME.url",
    ]);
    expect(ran.stderr).toContain("git@git.example.test:team/part.git is not declared in this bottle");
  });

  test("a plan asks no server for its key: the dry run says that it is not pinned; nobody there to accept it is an error", async () => {
    let asked = 0;
    const server = createServer((socket) => {
      asked += 1;
      socket.destroy();
    }).listen(0, "127.0.0.1");
    scope.defer("server", () => void server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    machine.write({ "home/key": "no key" });
    machine.bottle(
      "default",
      `git-gate:\n  repos:\n    app: {url: "ssh://git@127.0.0.1:${port}/app.git", key: ${join(machine.home, "key")}}\n`,
    );
    const dry = await machine.run(["start", "--dry-run", "--", "true"]);
    expect(dry.code, dry.stderr).toBe(0);
    expect(dry.stdout.replaceAll(/\s+/g, " ")).toContain(
      `app: the key of [127.0.0.1]:${port} is not pinned; it is asked for at the start`,
    );
    expect(asked).toBe(0);
    const start = await inside("true");
    expect(start.code).toBe(2);
    expect(start.stderr).toContain("[git/host-key-unknown]");
    expect(asked).toBeGreaterThan(0);
    expect(await machine.leftovers()).toEqual([]);
  });
});

test("a push with a workflow waits for its operator, who answers from another terminal", async () => {
  openMachine(callers.find(({ uid }) => uid === process.getuid?.()) ?? expect.fail());
  machine.bottle("default", `git-gate:\n  repos:\n    app: {url: "file://${upstream}", run_files: hold}\n`);
  const argv = ["start", "--headless", "--keep", "--label", "held", "--workspace", "none", "--", "sh", "-e"];
  const running = machine.start(argv, {
    stdin: `
      git clone -q file://${upstream} app && cd app && mkdir -p .github/workflows
      echo "on: push" >.github/workflows/ci.yml && git add . && git commit -q -m ci
      git push -q origin HEAD:bottle/$(hostname)/one
      git push -q origin HEAD:bottle/$(hostname)/again
      echo "on: [push]" >.github/workflows/ci.yml && git commit -q -a -m other
      git push -q origin HEAD:bottle/$(hostname)/two || echo refused: $?
    `,
  });
  const holds = async () => {
    const { stdout } = await machine.run(["hold", "list", "--json"]);
    return [...stdout.matchAll(/"id": ?"([a-z0-9]{5})"/g)].map(([, id = ""]) => id);
  };
  await expect.poll(async () => (await holds()).length, { timeout: 30_000 }).toBe(1);
  expect(inUpstream("for-each-ref", "refs/heads/bottle")).toBe("");
  const list = (await machine.run(["hold", "list"])).stdout;
  expect(list).toContain("git push to app: refs/heads/bottle/held-");
  expect(list).toContain(".github/workflows/ci.yml, commit");
  const [first = ""] = await holds();
  expect((await machine.run(["hold", "approve", first])).code).toBe(0);
  await expect.poll(async () => (await holds()).filter((id) => id !== first).length, { timeout: 30_000 }).toBe(1);
  const [second = ""] = await holds();
  expect((await machine.run(["hold", "reject", second, "--reason", "one workflow is enough"])).code).toBe(0);
  const ran = await running.ended;
  expect(ran.code, ran.stderr).toBe(0);
  expect(ran.stdout).toContain("refused: 1");
  expect(ran.stderr).toContain("remote: bot-bottle: The operator rejected this push: one workflow is enough");
  const refs = inUpstream("for-each-ref", "--format=%(refname)", "refs/heads/bottle").split("\n");
  expect(refs.map((name) => name.split("/").at(-1))).toEqual(["again", "one"]);
  const log = (await machine.run(["gate", "log", "held"])).stdout;
  expect(log).toContain("refused (rejected)");
});

const image = findBaseImage();

describe.skipIf(image.id === undefined)(`in a container${image.why && `: ${image.why}`}`, () => {
  const caller = callers.find(({ uid }) => uid === process.getuid?.()) ?? expect.fail();

  test("the same git, the same gate", async () => {
    openMachine(caller);
    machine.write({ "home/project/Dockerfile": `FROM ${BASE_IMAGE}\n` });
    machine.git(machine.project, "init", "-q");
    machine.bottle(
      "default",
      `backend: docker\nagent_provider: {dockerfile: Dockerfile}\ngit-gate:\n  repos:\n    app: {url: "file://${upstream}"}\n`,
    );
    const ran = await machine.run([
      "start",
      "--headless",
      "--",
      "sh",
      "-ec",
      `
      command -v git >/dev/null || { echo no git; exit 0; }
      git clone -q file://${upstream} app && cd app && echo 1 >1 && git add 1 && git commit -q -m 1
      git push -q origin HEAD:bottle/$(hostname)/x
    `,
    ]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).not.toContain("no git");
    expect(refsOf(upstream)).toHaveLength(2);
  });
});

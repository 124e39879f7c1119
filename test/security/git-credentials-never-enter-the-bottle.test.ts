import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { Machine, snapshot } from "../e2e/cli.ts";
import { WHO } from "../fixtures/local-bottle.ts";
import { refsOf } from "../socket/gate/harness.ts";
import { makeUpstream, NO_SSHD, openSshUpstream, openTlsUpstream } from "../socket/gate/upstreams.ts";

/** Not one literal, so that it is found nowhere by chance. */
const TOKEN = ["glpat", process.pid, "Zq8xR2", "0123456789"].join("-");
const BASIC = Buffer.from(`x-access-token:${TOKEN}`).toString("base64");

let scope: Scope;
let machine: Machine;
let upstream: string;

beforeEach(() => {
  scope = new Scope();
  machine = new Machine({ who: WHO, uid: process.getuid?.() ?? -1 });
  scope.defer("machine", () => machine.close());
  upstream = makeUpstream(machine.folder, "up.git");
});
afterEach(() => scope.close());

const declare = (url: string, more: string) =>
  machine.bottle("default", `git-gate:\n  repos:\n    app: {url: "${url}", ${more}}\n`);

/** Uses the remote, then looks for its credential everywhere that is in reach. */
const attack = (url: string, text: string, paths: readonly string[]) => `
  git clone -q ${url} app && cd app && echo 1 >1 && git add 1 && git commit -q -m 1
  git push -q origin HEAD:bottle/$(hostname)/x
  printf '%s' "${text}" | rev >/tmp/wanted; wanted=$(rev /tmp/wanted)
  printf '%s' "$wanted" >/tmp/control
  echo "found: $(grep -rlsaF -e "$wanted" / --exclude-dir=proc --exclude-dir=sys --exclude-dir=usr | tr '\\n' ' ')"
  cat ${paths.join(" ")} || true
  env; cat ~/.gitconfig .git/config; cat /proc/[0-9]*/environ | tr '\\0' '\\n'
  echo "agent: [$SSH_AUTH_SOCK]"; ls ~/.ssh 2>&1 || true
`;

function inside(script: string, env: Readonly<Record<string, string>> = {}) {
  const argv = ["start", "--headless", "--keep", "--workspace", "none", "--", "sh", "-e"];
  return machine.run(argv, { env, stdin: script });
}

/** What all processes of this machine have as their arguments. */
function allArguments(): string {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1");
      } catch {
        return ""; // gone meanwhile
      }
    })
    .join("\n");
}

test(`as ${WHO}: a token reaches its server over TLS, and is in no file, variable, argument or journal`, async () => {
  let seenArguments = "";
  const tls = await openTlsUpstream(scope, machine.folder, TOKEN, () => {
    seenArguments += allArguments();
  });
  machine.write({
    "ca.pem": tls.caPem,
    "home/.bot-bottle/config.yaml": `extra_ca: ${join(machine.folder, "ca.pem")}\n`,
  });
  const url = `https://localhost:${tls.port}/up.git`;
  declare(url, "token_ref: MY_GIT_TOKEN");
  const ran = await inside(attack(url, TOKEN, ["/etc/shadow"]), { MY_GIT_TOKEN: TOKEN });
  expect(ran.code, ran.stderr).toBe(0);
  expect(refsOf(upstream)).toHaveLength(2);
  expect(tls.seen).toContain(`Basic ${BASIC}`);
  expect(ran.stdout).toContain("found: /tmp/control"); // the search finds what is there
  expect(ran.stdout).toMatch(/^found: \/tmp\/control $/m);
  for (const secret of [TOKEN, BASIC]) {
    expect(ran.stdout).not.toContain(secret);
    expect(ran.stderr).not.toContain(secret);
    expect(seenArguments).not.toContain(secret);
    expect(
      snapshot(machine.settings)
        .filter((line) => !line.includes("/control"))
        .join("\n"),
    ).not.toContain(secret);
    expect(snapshot(machine.cache).join("\n")).not.toContain(secret);
  }
  expect(seenArguments).toContain("http-backend");
});

describe.skipIf(NO_SSHD !== undefined)(`over ssh${NO_SSHD ? ` (${NO_SSHD})` : ""}`, () => {
  test(`as ${WHO}: a key opens its server, and is not inside; the operator's agent is not either`, async () => {
    const ssh = await openSshUpstream(scope, machine.folder);
    const secret = readFileSync(ssh.key, "utf8").split("\n")[2] ?? "";
    declare(ssh.url(upstream), `key: ${ssh.key}, host_key: "${ssh.hostKey}"`);
    const ran = await inside(attack(ssh.url(upstream), secret, [ssh.key]), {
      SSH_AUTH_SOCK: "/tmp/agent-of-the-operator",
    });
    expect(ran.code, ran.stderr).toBe(0);
    expect(refsOf(upstream)).toHaveLength(2);
    expect(ran.stderr).toContain(`cat: ${ssh.key}: No such file or directory`);
    expect(ran.stdout).toMatch(/^found: \/tmp\/control $/m);
    expect(ran.stdout).toContain("agent: []");
    expect(ran.stdout).not.toContain(secret);
  });

  test(`as ${WHO}: a server that shows another key than the pinned one gets nothing`, async () => {
    const ssh = await openSshUpstream(scope, machine.folder);
    declare(ssh.url(upstream), `key: ${ssh.key}, host_key: "${ssh.strangerKey}"`);
    const ran = await inside(`git clone -q ${ssh.url(upstream)} app`);
    expect(ran.code).toBe(128);
    expect(ran.stderr).toContain("the upstream of app cannot be reached; nothing is served from memory");
    expect(ran.stderr).toContain("Host key verification failed");
  });
});

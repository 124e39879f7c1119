import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { BASE_IMAGE, findBaseImage } from "../fixtures/docker-bottle.ts";
import { openHttpsOrigin, originAuthority } from "../socket/egress/harness.ts";
import { callers, Machine } from "./cli.ts";

const { id, why } = findBaseImage();
const caller = callers.find(({ uid }) => uid === process.getuid?.()) ?? expect.fail();
const HOST = "api.example.test";
const KEYTOOL = "/usr/bin/keytool";

const NODE = `
const [host, port] = process.env.HTTPS_PROXY.replace("http://", "").split(":");
require("node:http").request({ host, port, method: "CONNECT", path: "${HOST}:443", headers: { host: "${HOST}:443" } }).on("connect", (_, socket) => {
  require("node:https").get("https://${HOST}/node", { socket, agent: false }, (answer) => answer.pipe(process.stdout));
}).end();`;

/** Each program by itself; what pip and Java trust is looked at by what stands where they look, as no test image has them. */
const SCRIPT = `
curl -sS https://${HOST}/curl; echo
env -i curl -sS -x http://127.0.0.1:9099 https://${HOST}/bare; echo
git ls-remote https://${HOST}/repo.git
node -e '${NODE.replaceAll("'", "")}'; echo
cmp "$PIP_CERT" /etc/ssl/certs/ca-certificates.crt && cmp "$PIP_CERT" "$REQUESTS_CA_BUNDLE" && echo same
echo "$JAVA_TOOL_OPTIONS"
cp /etc/bot-bottle/ca.jks /etc/bot-bottle/ca.crt .
`;

describe.skipIf(id === undefined)(`the authority of a bottle in a container${why && `: ${why}`}`, () => {
  const scope = new Scope();
  let machine: Machine;
  beforeAll(async () => {
    machine = new Machine(caller);
    scope.defer("the machine", () => machine.close());
    const origin = await openHttpsOrigin(scope, HOST, ({ url }, response) => {
      response.end(url?.startsWith("/repo.git/") === true ? `${"1".repeat(40)}\trefs/heads/main\n` : `hello ${url}`);
    });
    const authority = join(machine.settings, "origin.pem");
    const routes = `egress: {routes: [{host: ${HOST}, git: {fetch: true}}]}`;
    machine.bottle("default", `backend: docker\nagent_provider: {dockerfile: Dockerfile}\n${routes}\n`);
    writeFileSync(authority, (await originAuthority()).certificatePem);
    const resolve = `resolve: {${HOST}: "127.0.0.1:${origin.port}"}`;
    writeFileSync(join(machine.settings, "config.yaml"), `extra_ca: ${authority}\n${resolve}\n`);
    machine.git(machine.project, "init", "-q");
    writeFileSync(join(machine.project, "Dockerfile"), `FROM ${BASE_IMAGE}\n`);
  });
  afterAll(() => scope.close());

  test.each(["", "streams"])("is trusted by what agents use, and the ways lead out (link: %s)", async (link) => {
    const ran = await machine.run(["start", "--headless", "--", "sh", "-c", SCRIPT], {
      env: { BOTTLE_DOCKER_LINK: link },
    });
    expect(ran.code, ran.stderr).toBe(0);
    const [curl, bare, git, node, same, java = ""] = ran.stdout.split("\n");
    expect([curl, bare, git]).toEqual(["hello /curl", "hello /bare", `${"1".repeat(40)}\trefs/heads/main`]);
    expect([node, same]).toEqual(["hello /node", "same"]);
    expect(java).toContain("-Djavax.net.ssl.trustStore=/etc/bot-bottle/ca.jks");
  });

  test.skipIf(process.env["CI"] !== "true" && !existsSync(KEYTOOL))(
    "is what Java's own tool finds in the store that is inside",
    async () => {
      await machine.run(["start", "--headless", "--", "sh", "-c", SCRIPT]);
      const kept = spawnSync("find", [machine.state, "-name", "ca.jks"], { encoding: "utf8" })
        .stdout.trim()
        .split("\n");
      const [store = ""] = kept;
      const args = ["-exportcert", "-rfc", "-alias", "bot-bottle", "-keystore", store, "-storepass", "changeit"];
      const found = spawnSync(KEYTOOL, args, { encoding: "utf8" }).stdout.replaceAll(/\s/g, "");
      const pem = spawnSync("cat", [join(store, "../ca.crt")], { encoding: "utf8" }).stdout.replaceAll(/\s/g, "");
      expect(pem).toContain("BEGINCERTIFICATE");
      expect(found).toBe(pem);
    },
  );
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { run } from "../../base/process.ts";
import { makeCertificateAuthority } from "./certificate-authority.ts";
import { makeTrustEnvironment } from "./trust-environment.ts";

test("every variable that names a file names one that is there, and no file holds a key", async () => {
  const { certificatePem, certificateDer } = await makeCertificateAuthority("dev-abcde", systemClock);
  const trust = makeTrustEnvironment({ certificatePem, certificateDer, proxyPort: 9099, folder: "/etc/bot-bottle" });
  const paths = new Set(trust.files.map((file) => file.path));
  for (const [, value] of trust.env) if (value.startsWith("/")) expect(paths).toContain(value);
  const env = Object.fromEntries(trust.env);
  expect(env).toMatchObject({
    HTTPS_PROXY: "http://127.0.0.1:9099",
    NODE_USE_ENV_PROXY: "1",
    GIT_SSL_CAINFO: "/etc/bot-bottle/ca.crt",
  });
  expect(env["JAVA_TOOL_OPTIONS"]).toContain("-Djavax.net.ssl.trustStore=/etc/bot-bottle/ca.jks");
  for (const file of trust.files) expect(Buffer.from(file.content).toString("latin1")).not.toContain("PRIVATE");
});

test("Java's own tool reads the trust store", async ({ skip }) => {
  const env = { PATH: "/usr/local/bin:/usr/bin:/bin" };
  const there = await run(["keytool", "-help"], { env }).catch(() => undefined);
  if (there === undefined) skip("keytool is not installed: apt-get install default-jre-headless");
  const { certificatePem, certificateDer } = await makeCertificateAuthority("dev-abcde", systemClock);
  const trust = makeTrustEnvironment({ certificatePem, certificateDer, proxyPort: 9099, folder: "/x" });
  const folder = await mkdtemp(join(tmpdir(), "jks-"));
  const path = join(folder, "ca.jks");
  await writeFile(path, trust.files.find((file) => file.path === "/x/ca.jks")?.content ?? "");
  const listed = await run(["keytool", "-list", "-keystore", path, "-storepass", "changeit"], { env });
  await rm(folder, { recursive: true });
  expect(listed.stdout.toString()).toMatch(/bot-bottle.*trustedCertEntry/);
});

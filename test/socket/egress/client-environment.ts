import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { World } from "./harness.ts";

/** What a program outside a bottle needs to find the proxy and to trust it, as programs inside find it set. */
export async function clientEnvironment(world: World, folder: string): Promise<Record<string, string>> {
  const ca = join(folder, "ca.pem");
  await writeFile(ca, world.ca.certificatePem);
  const proxy = `http://127.0.0.1:${world.port}`;
  return {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: folder,
    HTTPS_PROXY: proxy,
    https_proxy: proxy,
    HTTP_PROXY: proxy,
    http_proxy: proxy,
    NO_PROXY: "127.0.0.1,localhost",
    SSL_CERT_FILE: ca,
    CURL_CA_BUNDLE: ca,
    REQUESTS_CA_BUNDLE: ca,
    GIT_SSL_CAINFO: ca,
    NODE_USE_ENV_PROXY: "1",
    NODE_EXTRA_CA_CERTS: ca,
    npm_config_cafile: ca,
  };
}

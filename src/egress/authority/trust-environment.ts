import { renderJavaTruststore } from "./java-truststore.ts";

/** What programs inside a bottle need so that they use its way out and trust its authority. */
export type TrustEnvironment = {
  readonly env: readonly (readonly [name: string, value: string])[];
  /** Files that must be readable inside, and their contents; none is secret */
  readonly files: readonly { readonly path: string; readonly content: string | Uint8Array }[];
};

/** What is known when a bottle is put together. */
export type TrustFacts = {
  readonly certificatePem: string;
  readonly certificateDer: Buffer;
  /** Port of the proxy on the bottle's loopback */
  readonly proxyPort: number;
  /** Folder inside for files of ours, such as `/etc/bot-bottle` */
  readonly folder: string;
};

/** Where the distributions keep the bundle that most programs trust without being told. */
const SYSTEM_BUNDLES = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/** Variables that name a file of trusted certificates. */
const BUNDLE_VARIABLES = [
  "SSL_CERT_FILE",
  "NODE_EXTRA_CA_CERTS",
  "GIT_SSL_CAINFO",
  "CURL_CA_BUNDLE",
  "REQUESTS_CA_BUNDLE",
  "PIP_CERT",
  "CODEX_CA_CERTIFICATE",
  "AWS_CA_BUNDLE",
  "CARGO_HTTP_CAINFO",
  "DENO_CERT",
  "npm_config_cafile",
] as const;

/** Programs under these names talk to the bottle itself: its git gate, its MCP server, a dev server. */
const NO_PROXY = "localhost,127.0.0.1,::1";

/**
 * The variables and files that make ordinary programs work inside. Every TLS connection ends at the warden, so the
 * bottle's own certificate is all there is to trust; a bundle of one is also the fastest to load. Pure.
 */
export function makeTrustEnvironment(facts: TrustFacts): TrustEnvironment {
  const bundle = `${facts.folder}/ca.crt`;
  const truststore = `${facts.folder}/ca.jks`;
  const proxy = `http://127.0.0.1:${facts.proxyPort}`;
  const java = [
    `-Djavax.net.ssl.trustStore=${truststore}`,
    "-Djavax.net.ssl.trustStoreType=JKS",
    ...["http", "https"].flatMap((scheme) => [
      `-D${scheme}.proxyHost=127.0.0.1`,
      `-D${scheme}.proxyPort=${facts.proxyPort}`,
    ]),
    `-Dhttp.nonProxyHosts=${NO_PROXY.replaceAll(",", "|").replace("::1", "[::1]")}`,
  ];
  return {
    env: [
      ...BUNDLE_VARIABLES.map((name) => [name, bundle] as const),
      ...["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"].map((name) => [name, proxy] as const),
      ["NO_PROXY", NO_PROXY],
      ["no_proxy", NO_PROXY],
      ["NODE_USE_ENV_PROXY", "1"],
      ["JAVA_TOOL_OPTIONS", java.join(" ")],
    ],
    files: [
      ...[bundle, ...SYSTEM_BUNDLES].map((path) => ({ path, content: facts.certificatePem })),
      { path: truststore, content: renderJavaTruststore(facts.certificateDer, "bot-bottle") },
    ],
  };
}

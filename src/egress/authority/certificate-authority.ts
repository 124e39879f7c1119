import { createPrivateKey, type KeyObject, randomBytes } from "node:crypto";
import type { X509Certificate, X509CertificateGenerator } from "@peculiar/x509";
import type { Clock } from "../../base/clock.ts";
import type { Host } from "../wire/host.ts";

/** A certificate for one host and the key that goes with it. */
type Leaf = {
  readonly certificatePem: string;
  readonly keyPem: string;
  /** When it must no longer be shown */
  readonly until: Date;
};

/** The bottle's own certificate authority; its key cannot be taken out of this process's memory. */
export type CertificateAuthority = {
  /** What programs inside must trust */
  readonly certificatePem: string;
  readonly certificateDer: Buffer;
  /** Makes a certificate for exactly this host, valid for less than a week. */
  issue(host: Host): Promise<Leaf>;
};

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";

/** Makes a new authority for one bottle. */
export async function makeCertificateAuthority(bottle: string, clock: Clock): Promise<CertificateAuthority> {
  const x509 = await import("@peculiar/x509");
  const keys = await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);
  const leafKeys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const now = clock.now().getTime();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: makeSerial(),
    name: [{ CN: [`bot-bottle ${bottle}`.slice(0, 64)] }],
    notBefore: new Date(now - HOUR_MS),
    notAfter: new Date(now + 365 * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const leafKey = createPrivateKey({
    key: Buffer.from(await crypto.subtle.exportKey("pkcs8", leafKeys.privateKey)),
    format: "der",
    type: "pkcs8",
  });
  const leafKeyPem = exportPem(leafKey);
  return {
    certificatePem: `${certificate.toString("pem")}\n`,
    certificateDer: Buffer.from(certificate.rawData),
    issue: async (host) => {
      const issued = clock.now().getTime();
      const until = new Date(Math.min(issued + 6 * DAY_MS, certificate.notAfter.getTime()));
      const leaf = await x509.X509CertificateGenerator.create({
        ...describeLeaf(host, certificate),
        notBefore: new Date(issued - HOUR_MS),
        notAfter: until,
        publicKey: leafKeys.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([SERVER_AUTH]),
          new x509.SubjectAlternativeNameExtension([{ type: host.kind === "name" ? "dns" : "ip", value: host.text }]),
          await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
          await x509.SubjectKeyIdentifierExtension.create(leafKeys.publicKey),
        ],
      });
      return { certificatePem: leaf.toString("pem"), keyPem: leafKeyPem, until };
    },
  };
}

type LeafNames = Pick<Parameters<typeof X509CertificateGenerator.create>[0], "serialNumber" | "subject" | "issuer">;

function describeLeaf(host: Host, issuer: X509Certificate): LeafNames {
  const commonName = host.text.length <= 64 ? host.text : "bot-bottle";
  return { serialNumber: makeSerial(), subject: [{ CN: [commonName] }], issuer: issuer.subjectName };
}

/** 128 random bits, of which the first two make it positive and never short. */
function makeSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}

function exportPem(key: KeyObject): string {
  return key.export({ format: "pem", type: "pkcs8" }).toString();
}

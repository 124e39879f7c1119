import { generateKeyPairSync } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import type { Host } from "../wire/host.ts";
import { makeCertificate } from "./certificate.ts";

/** A certificate for one host and the key that goes with it. */
type Leaf = {
  readonly certificatePem: string;
  readonly keyPem: string;
  /** When it must no longer be shown */
  readonly until: Date;
};

/** The bottle's own certificate authority; its key is in this process's memory, in no file and in no message. */
export type CertificateAuthority = {
  /** What programs inside must trust */
  readonly certificatePem: string;
  readonly certificateDer: Buffer;
  /** Makes a certificate for exactly this host, valid for less than a week. */
  issue(host: Host): Promise<Leaf>;
};

const CURVE = { namedCurve: "P-256" } as const;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Longest text of a name's part, RFC 5280 appendix A */
const LONGEST_NAME = 64;

/**
 * Makes a new authority for one bottle. The certificates are written by ourselves: the library that was here first took a
 * quarter of a second of every start to load, and two fixed shapes are all there is.
 */
export async function makeCertificateAuthority(bottle: string, clock: Clock): Promise<CertificateAuthority> {
  const keys = generateKeyPairSync("ec", CURVE);
  const leafKeys = generateKeyPairSync("ec", CURVE);
  const subject = `bot-bottle ${bottle}`.slice(0, LONGEST_NAME);
  const now = clock.now().getTime();
  const notAfter = new Date(now + 365 * DAY_MS);
  const certificateDer = makeCertificate(
    {
      shape: { kind: "authority" },
      ...{ subject, issuer: subject, publicKey: keys.publicKey },
      ...{ notBefore: new Date(now - HOUR_MS), notAfter },
    },
    keys.privateKey,
  );
  const keyPem = leafKeys.privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  return {
    certificatePem: renderPem(certificateDer),
    certificateDer,
    issue: async (host) => {
      const issued = clock.now().getTime();
      const until = new Date(Math.min(issued + 6 * DAY_MS, notAfter.getTime()));
      const der = makeCertificate(
        {
          shape: { kind: "leaf", host, issuerKey: keys.publicKey },
          subject: host.text.length <= LONGEST_NAME ? host.text : "bot-bottle",
          issuer: subject,
          notBefore: new Date(issued - HOUR_MS),
          notAfter: until,
          publicKey: leafKeys.publicKey,
        },
        keys.privateKey,
      );
      return { certificatePem: renderPem(der), keyPem, until };
    },
  };
}

function renderPem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

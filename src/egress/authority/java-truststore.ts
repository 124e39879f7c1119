import { createHash } from "node:crypto";

const MAGIC = 0xfeedfeed;
const VERSION = 2;
const TRUSTED_CERTIFICATE = 2;
/** Everybody's password for a store without secrets; Java does not ask for it when it only reads certificates. */
const PASSWORD = "changeit";

/** A Java key store (JKS) that trusts one certificate; the format has been fixed since 1996 and every Java reads it. */
export function renderJavaTruststore(certificateDer: Buffer, alias: string): Buffer {
  const content = Buffer.concat([
    uint32(MAGIC),
    uint32(VERSION),
    uint32(1),
    uint32(TRUSTED_CERTIFICATE),
    shortText(alias),
    Buffer.alloc(8), // creation time: the epoch, so that the same certificate gives the same bytes
    shortText("X.509"),
    uint32(certificateDer.length),
    certificateDer,
  ]);
  const password = Buffer.from(PASSWORD, "utf16le").swap16();
  return Buffer.concat([
    content,
    createHash("sha1").update(password).update("Mighty Aphrodite").update(content).digest(),
  ]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function shortText(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";

/** Gives the roots that upstream certificates are checked against. */
export type UpstreamTrust = () => SecureContext;

/** The roots of this program and one more, made at the first use because parsing them takes long. */
export function makeUpstreamTrust(extraCa: string | undefined): UpstreamTrust {
  let context: SecureContext | undefined;
  return () => {
    context ??= createSecureContext(extraCa === undefined ? {} : { ca: [...rootCertificates, extraCa] });
    return context;
  };
}

import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";

/** Gives the roots that upstream certificates are checked against, made at the first use because parsing them takes long. */
export function makeUpstreamTrust(extraCa: string | undefined): () => SecureContext {
  let context: SecureContext | undefined;
  return () => {
    context ??= createSecureContext(extraCa === undefined ? {} : { ca: [...rootCertificates, extraCa] });
    return context;
  };
}

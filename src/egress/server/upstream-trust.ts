import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";

/** Gives the roots that upstream certificates are checked against. */
export type UpstreamTrust = () => SecureContext;

/** The roots of this program and one more, made at the first use. */
export function makeUpstreamTrust(extraCa: string | undefined): UpstreamTrust {
  let context: SecureContext | undefined;
  return () => {
    context ??= extraCa === undefined ? createSecureContext() : createExtended(extraCa);
    return context;
  };
}

/**
 * Node reads its own roots in twenty milliseconds, but a list of them and one more in sixty. Its context takes one more by a
 * method that its documentation does not name, so that its absence must do.
 */
function createExtended(extraCa: string): SecureContext {
  const context = createSecureContext();
  const native: unknown = context.context;
  if (!canExtend(native)) return createSecureContext({ ca: [...rootCertificates, extraCa] });
  native.addCACert(extraCa);
  return context;
}

function canExtend(native: unknown): native is { addCACert(pem: string): void } {
  return (
    typeof native === "object" && native !== null && "addCACert" in native && typeof native.addCACert === "function"
  );
}

import { type Fields, valuesOf } from "./fields.ts";
import { Malformed } from "./malformed.ts";

/** How the end of a body is known. */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "until-close" };

const LENGTH = /^[0-9]{1,15}$/;

/** How a request's body ends. Throws `Malformed` wherever two programs could disagree (RFC 9112 §6.3, read strictly). */
export function parseRequestFraming(fields: Fields, version: "1.0" | "1.1"): Framing {
  return readFraming(fields, version) ?? { kind: "none" };
}

/** How a response's body ends, given the request it answers. */
export function parseResponseFraming(
  fields: Fields,
  version: "1.0" | "1.1",
  response: { readonly status: number; readonly toHead: boolean },
): Framing {
  const { status, toHead } = response;
  const framing = readFraming(fields, version);
  if (toHead || status < 200 || status === 204 || status === 304) return { kind: "none" };
  return framing ?? { kind: "until-close" };
}

function readFraming(fields: Fields, version: "1.0" | "1.1"): Framing | undefined {
  const encodings = valuesOf(fields, "transfer-encoding");
  const lengths = valuesOf(fields, "content-length");
  const [encoding] = encodings;
  const [length] = lengths;
  if (encoding !== undefined) {
    if (length !== undefined) throw new Malformed("both Content-Length and Transfer-Encoding");
    if (version === "1.0") throw new Malformed("Transfer-Encoding in HTTP/1.0");
    if (encodings.length > 1 || encoding.toLowerCase() !== "chunked") {
      throw new Malformed("Transfer-Encoding other than chunked");
    }
    return { kind: "chunked" };
  }
  if (length === undefined) return undefined;
  if (lengths.length > 1) throw new Malformed("more than one Content-Length");
  if (!LENGTH.test(length)) throw new Malformed("Content-Length is not a plain number");
  return { kind: "length", bytes: Number(length) };
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;

/** What frames a message or names its target: a route that set one could smuggle a second request. */
const FRAMING = new Set(
  "host connection content-length transfer-encoding te trailer upgrade keep-alive expect proxy-authorization proxy-connection".split(
    " ",
  ),
);

/** Whether HTTP allows a header of this name. */
export function isHeaderName(text: string): boolean {
  return TOKEN.test(text);
}

/** Whether a header decides where a message goes or where it ends. */
export function isFramingHeader(text: string): boolean {
  return FRAMING.has(text.toLowerCase());
}

const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

/** An IPv4 address as four decimal numbers, which is its only spelling here; undefined for anything else. */
export function parseIpv4(text: string): string | undefined {
  return IPV4.test(text) ? text : undefined;
}

/** An IPv6 address, without brackets or zone, in the spelling of the URL standard; undefined for anything else. */
export function parseIpv6(text: string): string | undefined {
  if (!/^[0-9a-f:.]+$/i.test(text) || !text.includes(":")) return undefined;
  const url = `http://[${text}]/`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : undefined;
}

/** The address of a git remote, by the way it is reached, or why it is none. */
export type RemoteUrl =
  | { readonly kind: "ssh" | "https" | "file"; readonly url: string }
  | { readonly kind: "refused"; readonly why: string; readonly hint: string };

const FORMS = "write ssh://git@HOST/PATH, git@HOST:PATH, https://HOST/PATH or file:///PATH";
/** Neither part may begin with a dash: ssh and git would read an option. */
const SCP_LIKE = /^[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9_[][A-Za-z0-9._:[\]-]*:(?!-)[^:\s][^\s]*$/;

/** The address of a git remote; nothing that git would run, nothing without encryption, no credentials in it. */
export function parseRemoteUrl(text: string): RemoteUrl {
  const refuse = (why: string, hint: string = FORMS): RemoteUrl => ({ kind: "refused", why, hint });
  if (/[\s\p{Cc}\p{Cf}]/u.test(text)) return refuse("has white space or invisible characters in it");
  if (/^[a-z0-9+.-]*::/i.test(text)) return refuse("names a helper program that git would run");
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text) ?? [];
  if (scheme === undefined)
    return SCP_LIKE.test(text) ? { kind: "ssh", url: text } : refuse("is not a remote's address");
  if (!URL.canParse(text)) return refuse("is not a URL");
  const url = new URL(text);
  if (url.password !== "") return refuse("has a password in it", "remove it; use key or token_ref");
  if (url.search !== "" || url.hash !== "") return refuse("has a query or fragment in it");
  switch (url.protocol) {
    case "ssh:":
      if (!/^[A-Za-z0-9[]/.test(url.hostname) || /^-|%/.test(url.username)) {
        return refuse("has a host or user that ssh could take for an option");
      }
      return hasPath(url) ? { kind: "ssh", url: text } : refuse("has no path");
    case "https:":
      if (url.username !== "") return refuse("has a user in it", "remove it; use token_ref");
      return hasPath(url) ? { kind: "https", url: text } : refuse("has no path");
    case "file:":
      return url.host === "" && hasPath(url) ? { kind: "file", url: text } : refuse("is not file:///PATH");
    case "http:":
    case "git:":
      return refuse("is not encrypted", "use https:// or ssh://");
    default:
      return refuse(`uses ${scheme}://, which the gate does not speak`);
  }
}

function hasPath(url: URL): boolean {
  return url.pathname.length > 1;
}

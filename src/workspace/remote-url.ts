const SCHEMES = ["https", "http", "ssh", "git", "git+ssh", "ssh+git", "file"];

/**
 * A remote's address without what may be a credential: user-info, query and fragment go. Only the word `git` stays as the
 * user of an SSH address, where it names no person. Undefined for addresses of remote helpers (`ext::…`) and unknown schemes.
 */
export function stripRemoteUrl(url: string): string | undefined {
  if (/[\x00-\x1f\x7f]/.test(url) || url === "") return undefined;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme !== undefined)
    return SCHEMES.includes(scheme) ? stripUrl(scheme, url.slice(scheme.length + 3)) : undefined;
  if (/^[a-z0-9+.-]*::/i.test(url)) return undefined;
  const colon = url.indexOf(":");
  const slash = url.indexOf("/");
  // without a colon before the first slash it is a path of this machine
  if (colon === -1 || (slash !== -1 && slash < colon)) return url;
  const host = stripUser(url.slice(0, colon), true);
  return isHost(host) && !url.slice(colon).includes("@") ? host + url.slice(colon) : undefined;
}

function stripUrl(scheme: string, rest: string): string | undefined {
  const end = rest.search(/[/?#]/);
  const authority = end === -1 ? rest : rest.slice(0, end);
  const after = end === -1 ? "" : rest.slice(end);
  const host = stripUser(authority, scheme.includes("ssh"));
  if (!isHost(host) && !(scheme === "file" && host === "")) return undefined;
  // `user:pass/word@host` is no address git could use, but it shows a password all the same
  if (!authority.includes("@") && authority.includes(":") && after.includes("@")) return undefined;
  return `${scheme}://${host}${after.replace(/[?#].*$/s, "")}`;
}

function stripUser(authority: string, isSsh: boolean): string {
  const at = authority.lastIndexOf("@");
  if (at === -1) return authority;
  const host = authority.slice(at + 1);
  return isSsh && authority.slice(0, at) === "git" ? `git@${host}` : host;
}

function isHost(authority: string): boolean {
  return /^(?:git@)?(?:[\w.~-]+|\[[\w.:%]+\])(?::\d+)?$/.test(authority);
}

import { LINK_PORTS } from "./link-ports.ts";

/** Where the git gate answers inside a bottle. */
const GATE = `http://127.0.0.1:${LINK_PORTS.git}`;

/** One rewriting of addresses inside a bottle: what begins as one of `from` goes to `to`. */
export type Rewriting = { readonly to: string; readonly from: readonly string[] };

/**
 * Sends every spelling of the declared remotes to the gate, and addresses that lead nowhere to its page of what is not
 * declared, so that git says why. Over HTTPS the bottle's own proxy says it where there is one.
 */
export function makeRewritings(
  remotes: readonly { readonly name: string; readonly url: string }[],
  hasProxy: boolean,
): readonly Rewriting[] {
  if (remotes.length === 0) return [];
  const others = ["ssh://", "git@", "git://", ...(hasProxy ? [] : ["https://", "http://"])];
  return [
    // the gate's own address must not be taken for one that is not declared
    ...(hasProxy ? [] : [{ to: `${GATE}/`, from: [`${GATE}/`] }]),
    ...remotes.map(({ name, url }) => ({ to: `${GATE}/${name}.git`, from: spellingsOf(url) })),
    ...others.map((start) => ({ to: `${GATE}/undeclared/${start}`, from: [start] })),
  ];
}

/** The ways in which people write the address of one repository. */
export function spellingsOf(url: string): readonly string[] {
  const scp = /^(?:([^@/]+)@)?([^:/]+|\[[^\]]+\]):(?!\/\/)(.+)$/.exec(url);
  if (scp !== null) {
    const [, user = "git", host = "", path = ""] = scp;
    return withAndWithoutSuffix(overSsh(user, host, path.replace(/^\//, "")));
  }
  const { protocol, username, host, hostname, pathname } = new URL(url);
  const path = decodeURI(pathname).replace(/^\/+|\/+$/g, "");
  if (protocol === "file:") return withAndWithoutSuffix([`file:///${path}`, `/${path}`]);
  const own = url.replace(/\/+$/, "");
  // another port is another server: only this very spelling is it
  if (host !== hostname) return withAndWithoutSuffix([own]);
  return withAndWithoutSuffix([own, ...overSsh(username === "" ? "git" : username, host, path)]);
}

function overSsh(user: string, host: string, path: string): readonly string[] {
  return [
    `${user}@${host}:${path}`,
    `ssh://${user}@${host}/${path}`,
    `ssh://${host}/${path}`,
    `https://${host}/${path}`,
  ];
}

function withAndWithoutSuffix(urls: readonly string[]): readonly string[] {
  return [...new Set(urls.map((url) => url.replace(/\.git$/, "")).flatMap((url) => [url, `${url}.git`]))];
}

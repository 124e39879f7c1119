/** A variable's name, or why the bottle cannot set it. */
export type EnvName =
  | { readonly kind: "name" }
  | { readonly kind: "refused"; readonly why: string; readonly hint: string | undefined };

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What the bottle sets itself: its home, its identity, and the one way out. */
const OWN = new Set(
  "HOME USER LOGNAME PWD OLDPWD SHLVL HTTP_PROXY HTTPS_PROXY ALL_PROXY FTP_PROXY NO_PROXY SSL_CERT_FILE NODE_EXTRA_CA_CERTS".split(
    " ",
  ),
);

/** What the loader or the C library obeys before a program's first line: in the tools that set up the bottle, too. */
const LOADER = /^(LD_|DYLD_|GLIBC_TUNABLES$|GCONV_PATH$|LOCPATH$|NLSPATH$|MALLOC_)/;

/** Decides whether a bottle may set a variable. Proxies count in either case, since programs read both. */
export function decideEnvName(name: string): EnvName {
  if (!NAME.test(name)) {
    return { kind: "refused", why: "is not a variable's name", hint: "use letters, digits and _, not a digit first" };
  }
  if (OWN.has(name) || (name.toLowerCase() === name && OWN.has(name.toUpperCase()) && name.endsWith("_proxy"))) {
    return { kind: "refused", why: "is set by the bottle itself", hint: "remove it" };
  }
  if (name.startsWith("BOT_BOTTLE_")) {
    return { kind: "refused", why: "is a name that bot-bottle keeps for itself", hint: "choose another name" };
  }
  if (LOADER.test(name)) {
    return {
      kind: "refused",
      why: "would load code into the programs that set up the bottle",
      hint: `set it inside only: bottle start … -- env ${name}=… COMMAND`,
    };
  }
  return { kind: "name" };
}

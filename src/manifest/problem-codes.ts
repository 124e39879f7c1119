/** The one page of problem codes: what can be wrong with a manifest. */
export const PROBLEM_CODES = {
  "manifest/bad-env": "An environment variable has a name or value that the bottle cannot pass on.",
  "manifest/bad-header": "A header name is not one that HTTP allows.",
  "manifest/bad-host": "A host is not an exact name, an address, or `*.` before a name.",
  "manifest/bad-name": "A name does not match `[a-z][a-z0-9-]*`.",
  "manifest/bad-path": "A path is neither absolute nor below `~/`, or would bring in too much.",
  "manifest/bad-port": "A port is given twice or contradicts another key.",
  "manifest/bad-regex": "A regular expression does not compile.",
  "manifest/bad-secret-ref": "A reference to a secret does not say in one way where the secret is.",
  "manifest/bad-size": "A size or a time is out of range.",
  "manifest/bad-type": "A value is of another kind than the key takes.",
  "manifest/bad-url": "The address of a repository or proxy is not of a form that can be used.",
  "manifest/bad-value": "A value is not one of those the key takes.",
  "manifest/bad-yaml": "The YAML cannot be read, or uses something manifests do not: tags, anchors, aliases.",
  "manifest/duplicate-key": "A key is written twice in one map.",
  "manifest/env-literal": "A value looks like a reference to a host variable but is taken literally.",
  "manifest/extends-cycle": "Bottles extend each other in a circle.",
  "manifest/ignored": "A file is not used, because a repository may not define it or its name cannot be one.",
  "manifest/missing-key": "A key that must be there is not.",
  "manifest/no-head": "The file does not begin with a YAML head between two lines `---`.",
  "manifest/not-built": "The feature behind this key is not part of this version.",
  "manifest/not-found": "A bottle that is named here is not defined.",
  "manifest/plaintext-credential": "A route adds a credential and also allows plain HTTP.",
  "manifest/shadowed": "An agent of the repository is not used, because the home folder has one of that name.",
  "manifest/unknown-key": "A key does not exist.",
  "manifest/unreadable": "A manifest is not a small readable text file.",
} as const satisfies Record<string, string>;

/** The code of one row of the page of problem codes. */
export type ProblemCode = keyof typeof PROBLEM_CODES;

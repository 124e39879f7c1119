/** The object formats of git. */
export type ObjectFormat = "sha1" | "sha256";

/** The whole configuration of a mirror: no other is read, and none of it comes from a bottle or an upstream. */
export function renderMirrorConfig(facts: {
  readonly format: ObjectFormat;
  readonly hooks: string;
  readonly packBytes: number;
}): string {
  const version = facts.format === "sha1" ? "0" : "1";
  const extensions = facts.format === "sha1" ? [] : ["[extensions]", "\tobjectFormat = sha256"];
  return [
    "[core]",
    `\trepositoryFormatVersion = ${version}`,
    "\tbare = true",
    `\thooksPath = ${quote(facts.hooks)}`,
    "\tfsmonitor = false",
    "\tattributesFile = /dev/null",
    "\tlogAllRefUpdates = false",
    "\tbigFileThreshold = 32m",
    "\tpackedGitWindowSize = 32m",
    "\tpackedGitLimit = 1g",
    "\tcommitGraph = false",
    ...extensions,
    "[http]",
    "\tuploadPack = true",
    "\treceivePack = true",
    "\tgetAnyFile = false",
    "[receive]",
    "\tfsckObjects = true",
    "\tunpackLimit = 1",
    `\tmaxInputSize = ${facts.packBytes}`,
    "\tautoGc = false",
    "\tupdateServerInfo = false",
    "\tadvertisePushOptions = false",
    "\tshallowUpdate = false",
    "\tdenyDeleteCurrent = ignore",
    "\tkeepAlive = 5",
    "[fetch]",
    "\tunpackLimit = 1",
    "[uploadpack]",
    "\tallowFilter = true",
    "[transfer]",
    "\tadvertiseSID = false",
    "[gc]",
    "\tauto = 0",
    "[maintenance]",
    "\tauto = false",
    "[protocol]",
    "\tallow = never",
    "",
  ].join("\n");
}

/** The one hook: it hands the update to the warden over the descriptor that it inherited, and without an answer refuses. */
export const PRE_RECEIVE = `#!/bin/sh
{ printf 'quarantine %s\\n' "$GIT_QUARANTINE_PATH" && cat && printf 'end\\n'; } >&3 || exit 1
while IFS= read -r line <&3; do
  case $line in
    'say '*) printf '%s\\n' "\${line#say }" >&2 ;;
    accept) exit 0 ;;
    *) exit 1 ;;
  esac
done
exit 1
`;

function quote(path: string): string {
  return `"${path.replaceAll(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

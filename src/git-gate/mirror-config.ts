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
    "\tprocReceiveRefs = refs",
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

/** Shows the lines of the warden to whoever pushes; what another line means is the hook's own. */
const LISTEN = `while IFS= read -r line <&3; do
  case $line in
    'say '*) printf '%s\\n' "\${line#say }" >&2 ;;`;

/** Before git keeps anything: hands the update to the warden over the descriptor it inherited, and without an answer refuses. */
const PRE_RECEIVE = `#!/bin/sh
{ printf 'quarantine %s\\n' "$GIT_QUARANTINE_PATH" && cat && printf 'end\\n'; } >&3 || exit 1
${LISTEN}
    accept) exit 0 ;;
    *) exit 1 ;;
  esac
done
exit 1
`;

/**
 * Once the objects are kept, in place of git's own change of refs: the warden sends the update to the upstream, and git tells
 * whoever pushes what came of that. Git's side of this begins with a version and ends with a flush; what it lists, the warden knows.
 */
const PROC_RECEIVE = `#!/bin/sh
exec 4<&0
cat <&4 >/dev/null 2>&1 3>&- &
exec 4<&-
printf '000eversion=1\\n0000' && printf 'kept\\n' >&3 || exit 1
${LISTEN}
    report) exec cat <&3 ;;
    *) exit 1 ;;
  esac
done
exit 1
`;

/** The hooks of every mirror, by name. */
export const HOOKS = { "pre-receive": PRE_RECEIVE, "proc-receive": PROC_RECEIVE } as const;

function quote(path: string): string {
  return `"${path.replaceAll(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

import type { BottlePlan } from "../plan/plan.ts";
import type { SeedFile } from "../plan/planned-provider.ts";
import { makeRewritings } from "../plan/remote-spellings.ts";

/** What a fresh home folder holds: a prompt that says where one is, an identity so that commits work, and the way to the remotes. */
export function makeHomeFiles(git: BottlePlan["git"], hasProxy: boolean): readonly SeedFile[] {
  return [
    { path: ".bashrc", content: BASHRC },
    { path: ".profile", content: '[ -n "$BASH_VERSION" ] && . "$HOME/.bashrc"\n' },
    { path: ".gitconfig", content: renderGitConfig(git, hasProxy) },
  ];
}

const BASHRC = `# A bottle: a copy of the workspace, and nothing else of the machine it runs on.
case $- in *i*) ;; *) return ;; esac
PS1='\\[\\e[36m\\]\\h\\[\\e[0m\\]:\\w\\$ '
alias ls='ls --color=auto'
`;

/** Git's own quoting: a value may hold anything but NUL; newlines and quotes are escaped. */
function renderGitConfig({ user, remotes }: BottlePlan["git"], hasProxy: boolean): string {
  const quote = (text: string) => `"${text.replaceAll(/[\\"]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\0", "")}"`;
  return [
    "[user]",
    `\tname = ${quote(user.name)}`,
    `\temail = ${quote(user.email)}`,
    "[init]",
    "\tdefaultBranch = main",
    "[advice]",
    "\tdetachedHead = false",
    ...makeRewritings(remotes, hasProxy).flatMap(({ to, from }) => [
      `[url ${quote(to)}]`,
      ...from.map((start) => `\tinsteadOf = ${quote(start)}`),
    ]),
    ...(remotes.length === 0 ? [] : ['[http "http://127.0.0.1:9420/"]', '\tproxy = ""']),
    "",
  ].join("\n");
}

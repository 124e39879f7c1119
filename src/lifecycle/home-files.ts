import type { BottlePlan } from "../plan/plan.ts";
import type { SeedFile } from "../plan/planned-provider.ts";

/** What a fresh home folder holds: a prompt that says where one is, and an identity so that commits work. */
export function makeHomeFiles(user: BottlePlan["git"]["user"]): readonly SeedFile[] {
  return [
    { path: ".bashrc", content: BASHRC },
    { path: ".profile", content: '[ -n "$BASH_VERSION" ] && . "$HOME/.bashrc"\n' },
    { path: ".gitconfig", content: renderGitConfig(user) },
  ];
}

const BASHRC = `# A bottle: a copy of the workspace, and nothing else of the machine it runs on.
case $- in *i*) ;; *) return ;; esac
PS1='\\[\\e[36m\\]\\h\\[\\e[0m\\]:\\w\\$ '
alias ls='ls --color=auto'
`;

/** Git's own quoting: a value may hold anything but NUL; newlines and quotes are escaped. */
function renderGitConfig({ name, email }: BottlePlan["git"]["user"]): string {
  const quote = (text: string) => `"${text.replaceAll(/[\\"]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\0", "")}"`;
  return [
    "[user]",
    `\tname = ${quote(name)}`,
    `\temail = ${quote(email)}`,
    "[init]",
    "\tdefaultBranch = main",
    "[advice]",
    "\tdetachedHead = false",
    "",
  ].join("\n");
}

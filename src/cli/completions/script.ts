import type { Shell } from "./command.ts";

/** The script that a shell evaluates; it asks the program itself for proposals, so it never goes stale. */
export function renderCompletionScript(shell: Shell): string {
  switch (shell) {
    case "bash":
      return `_bottle() {
  local IFS=$'\\n'
  COMPREPLY=($(bottle completions propose -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _bottle bottle bot-bottle
`;
    case "zsh":
      return `#compdef bottle bot-bottle
_bottle() {
  local -a found
  found=("\${(@f)$(bottle completions propose -- "\${words[@]:1:CURRENT-1}" 2>/dev/null)}")
  compadd -a found
}
compdef _bottle bottle bot-bottle
`;
    case "fish":
      return `for name in bottle bot-bottle
  complete -c $name -f -a '(bottle completions propose -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
end
`;
  }
}

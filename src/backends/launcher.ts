import type { GuestCommand } from "./backend.ts";

/** Variable that marks all processes of a command. */
export const COMMAND_VARIABLE = "BOTTLE_COMMAND";

/** What the launcher says on standard error, up to the word itself. */
export function launchMark(mark: string): string {
  return `\x1ebottle:${mark}:`;
}

/** The end of what the launcher says. */
export const MARK_END = "\x1e";

/** What the launcher says when it waits for its orders. */
export const WAITING = "waiting";

/**
 * Waits for its orders on standard input, then becomes the command, with a word about it first: only that tells a command
 * that ended with 127 from one that is not there. A shell reads a line byte by byte, so that what comes after the orders is
 * the command's. Arguments: the mark, what comes before and after the image's PATH, columns and rows of a terminal.
 */
export const LAUNCHER = [
  "_bottle_mark=$1 _bottle_text= _bottle_go=",
  `_bottle_say() { printf '\\036bottle:%s:%s\\036' "$_bottle_mark" "$1" >&2; }`,
  '[ "$4" = 0 ] || stty cols "$4" rows "$5" 2>/dev/null',
  "PATH=$2$PATH$3; export PATH; set --",
  `_bottle_say ${WAITING}`,
  'while [ -z "$_bottle_go" ] && IFS= read -r _bottle_line; do case $_bottle_line in',
  "+*) _bottle_text=$_bottle_text${_bottle_line#+}; continue ;;",
  ".) _bottle_go=1; continue ;; esac",
  'case $_bottle_text in *\\\\*) _bottle_text=$(printf "%b." "$_bottle_text"); _bottle_text=${_bottle_text%.} ;; esac',
  "case $_bottle_line in",
  '=*) eval "${_bottle_line#=}=\\$_bottle_text; export ${_bottle_line#=}" ;;',
  '/) set -- "$@" "$_bottle_text" ;;',
  "@) _bottle_cwd=$_bottle_text ;; esac; _bottle_text=; done",
  '[ -n "$_bottle_go" ] || exit 125',
  'cd "$_bottle_cwd" 2>/dev/null || { _bottle_say no-folder; exit 125; }',
  "_bottle_file=$1; case $1 in */*) ;; *) _bottle_file=; _bottle_text=$IFS; IFS=:",
  'for _bottle_line in $PATH; do [ -f "$_bottle_line/$1" ] && [ -x "$_bottle_line/$1" ] && { _bottle_file=$_bottle_line/$1; break; }; done',
  "IFS=$_bottle_text ;; esac",
  '[ -n "$_bottle_file" ] && [ -e "$_bottle_file" ] || { _bottle_say not-found; exit 127; }',
  '[ -f "$_bottle_file" ] && [ -x "$_bottle_file" ] || { _bottle_say not-executable; exit 126; }',
  '_bottle_say "$$"; exec "$@"',
].join("\n");

/** A terminal that reads by lines takes none that is longer than 4095 bytes. */
const MOST_LINE_BYTES = 1000;

/** What the launcher is to become: variables, arguments and folder, as lines of harmless bytes; pure. */
export function renderOrders(
  variables: ReadonlyMap<string, string>,
  { argv, cwd }: Pick<GuestCommand, "argv" | "cwd">,
): string {
  return [
    ...[...variables].map(([name, value]) => renderItem(value, `=${name}`)),
    ...argv.map((word) => renderItem(word, "/")),
    ...[renderItem(cwd, "@"), ".\n"],
  ].join("");
}

function renderItem(value: string, what: string): string {
  const text = escapeBytes(value);
  // a part may end within an escape: they are joined before it is undone
  const parts = text.match(new RegExp(`.{1,${MOST_LINE_BYTES}}`, "g")) ?? [];
  return [...parts.map((part) => `+${part}\n`), `${what}\n`].join("");
}

/** Everything but printable ASCII as `printf %b` reads it: a terminal would act on the rest, and a shell stumble over it. */
function escapeBytes(value: string): string {
  if (/^[ !-[\]-~]*$/.test(value)) return value;
  return [...Buffer.from(value)]
    .map((byte) =>
      byte < 0x20 || byte > 0x7e || byte === 0x5c
        ? `\\0${byte.toString(8).padStart(3, "0")}`
        : String.fromCharCode(byte),
    )
    .join("");
}

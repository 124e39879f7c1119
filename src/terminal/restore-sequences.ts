/**
 * Sets back every mode that the output filter lets a bottle set, in the middle of whatever sequence, without moving the
 * cursor and without effect on a screen that is in order. Whether the alternate screen is shown must be known: leaving it
 * moves the cursor in some terminals (tmux) even when it is not.
 */
export function restoreScreen(screen: "main" | "alternate"): string {
  return [
    "\x18\x1b\\", // ends an unfinished sequence or string
    "\x1b[?2026l", // synchronized output
    KEYBOARD, // kitty has one stack for each screen
    "\x1b[>4m", // modifyOtherKeys
    "\x1b[?1000;1002;1003;9l\x1b[?1005;1006;1015;1016l", // mouse
    "\x1b[?1004;2004;2031;2048l", // focus, paste, colour scheme and size reports
    ...(screen === "alternate" ? ["\x1b[?1049l", KEYBOARD] : []),
    "\x1b[?1;4;5;45;66l\x1b>", // keys, scrolling, reverse video
    "\x1b[?7h\x1b[?25h\x1b[4l\x1b[0 q", // autowrap, cursor, insert mode, cursor shape
    "\x1b]8;;\x1b\\", // hyperlink
    "\x0f\x1b(B\x1b)B\x1b*B\x1b+B\x1b[m", // charsets, colours
    "\x1b7\x1b[r\x1b8", // scroll region: setting it moves the cursor
  ].join("");
}

/** Empties the stack of kitty's keyboard protocol */
const KEYBOARD = "\x1b[<999u\x1b[=0u";

/** Asks the terminal for a sign of life; its answer comes after everything that it has sent before. */
export const ASK_FOR_SIGN = "\x1b[5n";

/** The sign of life: what follows it was typed by a person. */
export const SIGN = "\x1b[0n";

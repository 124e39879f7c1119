import type { Context } from "../base/context.ts";
import { cutToWidth } from "../base/display-width.ts";
import { showHarmlessly } from "../base/plain-text.ts";
import type { JournalEvent } from "../journal/event.ts";
import type { BottlePlan } from "../plan/plan.ts";

/** How the operator gets to know what was refused while a command has the screen. */
export type Notices = {
  onEvent(event: JournalEvent): void;
  /** Gives the terminal its title back. */
  close(): void;
};

const WIDEST = 100;
/** Whoever makes up names must not fill a screen or a log */
const MOST_TOLD = 200;
const SAVE_TITLE = "\x1b[22;0t";
const RESTORE_TITLE = "\x1b[23;0t";

/**
 * Tells of refusals: in the title of the terminal, where the screen is not disturbed, or as a line on standard error when
 * there is no terminal. Of one host once, and not of what the agent program does without.
 */
export function openNotices(
  { stdout, stderr, env }: Pick<Context, "stdout" | "stderr" | "env">,
  plan: BottlePlan,
  optionalHosts: readonly string[],
): Notices {
  const told = new Set<string>();
  const waiting = new Set<string>();
  const { interactive } = plan.command;
  const hasTitle = interactive && env["TERM"] !== "dumb" && env["TERM"] !== "linux";
  // what a program prints reaches the terminal in whole sequences, so that a title can stand between any two writes
  const setTitle = (text: string) => stdout.write(`\x1b]2;${cutToWidth(showHarmlessly(text), WIDEST)}\x07`);
  const name = plan.label ?? plan.slug;
  const calm = `${name}: ${plan.agent?.name ?? plan.provider?.name ?? plan.command.argv[0] ?? "bottle"}`;
  if (hasTitle) {
    stdout.write(SAVE_TITLE);
    setTitle(calm);
  }
  const tellHold = (id: string, title: string) => {
    waiting.add(id);
    if (hasTitle) setTitle(`${name}: ${waiting.size} waiting: bottle hold list`);
    else if (!interactive)
      stderr.write(`bottle: ${showHarmlessly(title)} waits: \`bottle hold approve ${id}\` or \`reject\`\n`);
  };
  const endHold = (id: string) => {
    waiting.delete(id);
    if (hasTitle) setTitle(waiting.size === 0 ? calm : `${name}: ${waiting.size} waiting: bottle hold list`);
  };
  return {
    onEvent: (event) => {
      if (event.kind === "hold-asked") return tellHold(event.id, event.title);
      if (event.kind === "hold-ended") return endHold(event.id);
      if (event.kind !== "egress-refusal") return;
      const { host = "", code } = event;
      const isAlarm = code === "egress/canary-in-request";
      const key = `${code} ${host}`;
      if (told.size >= MOST_TOLD || told.has(key)) return;
      if (!isAlarm && (waiting.size > 0 || optionalHosts.includes(host))) return;
      told.add(key);
      const what = isAlarm
        ? `ALARM: something in this bottle tried to send stolen secrets to ${host}`
        : `refused ${event.method ?? "request"} ${host === "" ? "" : `to ${host} `}(${code})`;
      if (hasTitle) setTitle(`${name}: ${what}`);
      else if (!interactive) stderr.write(`bottle: ${showHarmlessly(what)}; \`bottle logs ${plan.slug}\` tells more\n`);
    },
    close: () => {
      if (hasTitle) stdout.write(RESTORE_TITLE);
    },
  };
}

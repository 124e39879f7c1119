/** What `/proc/PID/stat` says of a process, as far as it is needed here. */
export type ProcessStat = {
  /** One letter: `R`, `S`, `Z` … */
  readonly state: string;
  /** Field 4, the pid of its parent */
  readonly parent: number;
  /** Field 22, clock ticks since boot */
  readonly startTicks: string;
  /** Whether its terminal is its own at the moment: field 5 is field 8, or there is no terminal */
  readonly foreground: boolean;
};

/** The text of `/proc/PID/stat`, whose second field may hold spaces, parentheses and line ends; undefined if it is something else. */
export function parseProcessStat(text: string): ProcessStat | undefined {
  const endOfName = text.lastIndexOf(")");
  if (endOfName === -1 || !/^\d+ \(/.test(text)) return undefined;
  const fields = text
    .slice(endOfName + 2)
    .trim()
    .split(" ");
  const state = fields[0];
  const startTicks = fields[22 - 3];
  if (state === undefined || !/^[A-Za-z]$/.test(state)) return undefined;
  if (startTicks === undefined || !/^\d+$/.test(startTicks)) return undefined;
  return {
    state,
    parent: Number(fields[4 - 3]),
    startTicks,
    foreground: [fields[5 - 3], "-1"].includes(fields[8 - 3]),
  };
}

/** The one table of exit codes: what this program returns when it is not passing on a command's own code. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: "Everything that was asked for was done." },
  failed: { code: 1, meaning: "The work was done and the answer is no: a check found problems, a probe failed." },
  input: {
    code: 2,
    meaning: "The command line, a manifest or the workspace is not usable as it is; nothing was started.",
  },
  host: { code: 3, meaning: "This machine cannot do it: a program, a permission or a kernel feature is missing." },
  conflict: { code: 4, meaning: "Something else holds what is needed: a label, a lock, a running bottle." },
  storage: { code: 5, meaning: "A file of ours could not be read or written: disk full, no permission, damaged." },
  launch: {
    code: 6,
    meaning: "The bottle could not be started although everything was checked; nothing was left behind.",
  },
  declined: { code: 7, meaning: "The question was answered with no." },
  bug: { code: 70, meaning: "A fault of bot-bottle itself; the output says how to report it." },
  timeout: { code: 124, meaning: "The bottle's time limit (`resources.time`) ended the command." },
  commandNotExecutable: { code: 126, meaning: "The command is in the bottle, but cannot be executed." },
  commandNotFound: { code: 127, meaning: "The command is not in the bottle." },
  interrupted: { code: 130, meaning: "Stopped by Ctrl-C before the command had an exit code of its own." },
  terminated: { code: 143, meaning: "Stopped by SIGTERM or a hung-up terminal." },
} as const satisfies Record<string, { readonly code: number; readonly meaning: string }>;

/** The name of one row of the table of exit codes. */
export type ExitName = keyof typeof EXIT_CODES;

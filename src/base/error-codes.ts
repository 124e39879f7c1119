import type { ExitName } from "./exit-codes.ts";

/** The one page of error codes: every `BottleError` carries one of these, and `docs/ERRORS.md` is made from it. */
export const ERROR_CODES = {
  "backend/not-available": {
    exit: "host",
    meaning: "The backend cannot isolate anything on this machine, or nobody answers for it.",
  },
  "backend/smolvm-failed": { exit: "host", meaning: "The smolvm command refused, in its own words." },
  "bottle/label-taken": { exit: "conflict", meaning: "A running bottle already has this label." },
  "bottle/name-taken": { exit: "conflict", meaning: "Every name that a container of this bottle could have is taken." },
  "bottle/not-answering": {
    exit: "conflict",
    meaning: "The process that guards a bottle is there, but gives no answer.",
  },
  "bottle/not-found": { exit: "input", meaning: "No bottle of this name is on this machine." },
  "bottle/results-kept": {
    exit: "host",
    meaning: "The results of a bottle could not be fetched; what they are in is kept until they are.",
  },
  "bottle/state-damaged": { exit: "storage", meaning: "A record or journal of a bottle cannot be read back." },
  "bottle/still-running": {
    exit: "conflict",
    meaning: "Something of this bottle still runs, so its files are not touched.",
  },
  "file/disk-full": { exit: "storage", meaning: "The disk is full." },
  "file/no-permission": { exit: "storage", meaning: "A file or folder may not be read or written by this user." },
  "file/not-usable": { exit: "storage", meaning: "A file or folder could not be read or written." },
  "git/host-key-unknown": {
    exit: "input",
    meaning: "The server of a git remote has no key that was accepted, and nobody is here to accept one.",
  },
  "hold/not-found": { exit: "input", meaning: "Nothing of this name waits for an answer." },
  "image/build-failed": { exit: "launch", meaning: "The image of a bottle could not be built from its Dockerfile." },
  "image/engine-failed": { exit: "host", meaning: "The container engine refused, in its own words." },
  "image/hand-over-failed": { exit: "launch", meaning: "An image could not be handed over to a micro-VM." },
  "image/not-usable": { exit: "launch", meaning: "An image lacks what every bottle needs." },
  "input/usage": { exit: "input", meaning: "The command line does not say what to do." },
  "launch/command-not-executable": {
    exit: "commandNotExecutable",
    meaning: "The command exists in the bottle, but cannot be executed.",
  },
  "launch/command-not-found": { exit: "commandNotFound", meaning: "The command does not exist in the bottle." },
  "launch/failed": { exit: "launch", meaning: "The guest could not be started." },
  "launch/interrupted": { exit: "interrupted", meaning: "Ctrl-C stopped the work; a command that ran has ended." },
  "launch/terminated": {
    exit: "terminated",
    meaning: "SIGTERM, a hung-up terminal or a reader that went away stopped the work.",
  },
  "lock/held": { exit: "conflict", meaning: "Another process holds this lock." },
  "manifest/invalid": { exit: "input", meaning: "A manifest asks for something that cannot be done as it is written." },
  "manifest/not-found": { exit: "input", meaning: "No bottle or agent of this name is defined." },
  "process/failed": { exit: "host", meaning: "A program this one needs ended with an error." },
  "process/not-found": { exit: "host", meaning: "A program this one needs is not installed." },
  "process/timeout": { exit: "host", meaning: "A program this one needs did not answer in time." },
  "provider/credential-refused": {
    exit: "input",
    meaning: "The agent program's service does not accept its credential.",
  },
  "provider/fetch-failed": { exit: "host", meaning: "The agent program could not be fetched from npm." },
  "provider/no-program": { exit: "host", meaning: "There is no program for this agent on this machine." },
  "secret/missing": { exit: "input", meaning: "A value the manifest refers to is not there." },
  "secret/unusable": { exit: "input", meaning: "A secret is there, but cannot be sent as the manifest asks for." },
  "terminal/no-pty": {
    exit: "host",
    meaning: "An interactive bottle needs a pseudo-terminal of its own and none can be opened.",
  },
  "workspace/not-allowed": { exit: "input", meaning: "This folder is never put into a bottle." },
  "workspace/too-large": {
    exit: "input",
    meaning: "The workspace is larger than what is copied without being asked for.",
  },
  "workspace/unreadable": { exit: "input", meaning: "The workspace cannot be read." },
} as const satisfies Record<string, { readonly exit: ExitName; readonly meaning: string }>;

/** The code of one row of the page of errors. */
export type ErrorCode = keyof typeof ERROR_CODES;

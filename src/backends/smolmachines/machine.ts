import { setTimeout as sleep } from "node:timers/promises";
import { BottleError } from "../../base/errors.ts";
import type { Scope } from "../../base/scope.ts";
import { takeFreeName } from "../../images/free-name.ts";
import type { GuestSpec } from "../backend.ts";
import { type MachineParts, makeCreateArgs, makeDeleteArgs, makeRootArgs } from "./args.ts";
import { START_DEADLINE_MS } from "./collect.ts";
import { isNameTaken, isStillBusy, isUnknown, lacksSockets } from "./output.ts";
import { errorWords, mustRun, type Smolvm, smolvmFailure } from "./smolvm.ts";

const EXEC_DEADLINE_MS = 30_000;
const EXEC_TIMEOUT = "10s";
const BUSY_TRIES = 10;
const BUSY_PAUSE_MS = 500;

/** A machine that was made, and whether it can be shown sockets of the host. */
export type MadeMachine = {
  readonly name: string;
  readonly hasSockets: boolean;
  /** Says that it must stay, whatever happens. */
  keep(): void;
};

/** Makes a machine under the first free name; the scope removes it, unless it is kept. */
export async function makeMachine(
  smolvm: Smolvm,
  spec: GuestSpec,
  parts: Omit<MachineParts, "name">,
  scope: Scope,
): Promise<MadeMachine> {
  let hasSockets = true;
  let isKept = false;
  const { name } = await takeFreeName(`bb-${spec.slug}`, async (candidate) => {
    const make = (sockets: MachineParts["sockets"]) =>
      smolvm.run(makeCreateArgs(spec, { ...parts, name: candidate, sockets }));
    let made = await make(parts.sockets);
    if (lacksSockets(errorWords(made.stderr))) {
      hasSockets = false;
      made = await make(undefined);
    }
    if (made.exit.kind === "code" && made.exit.code === 0) {
      scope.defer(`remove the machine ${candidate}`, async () => {
        if (isKept) await smolvm.run(["machine", "stop", "--name", candidate]);
        else await removeMachine(smolvm, candidate);
      });
      return candidate;
    }
    if (isNameTaken(errorWords(made.stderr))) return "taken";
    throw smolvmFailure("the machine cannot be made", made.stderr);
  });
  const keep = () => {
    isKept = true;
  };
  return { name, hasSockets, keep };
}

/** Ends and removes a machine; one that is not there is no error. */
export async function removeMachine(smolvm: Smolvm, name: string): Promise<void> {
  const { exit, stderr } = await smolvm.run(makeDeleteArgs(name));
  if ((exit.kind === "code" && exit.code === 0) || isUnknown(errorWords(stderr))) return;
  throw smolvmFailure(`the machine ${name} cannot be removed`, stderr);
}

/** Starts it; a port of a machine that has just ended is free a little later. */
export async function startMachine(smolvm: Smolvm, name: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    const { exit, stderr } = await smolvm.run(["machine", "start", "--name", name], { timeoutMs: START_DEADLINE_MS });
    if (exit.kind === "code" && exit.code === 0) return;
    if (!isStillBusy(errorWords(stderr)) || tries === BUSY_TRIES) {
      throw smolvmFailure("the machine does not start", stderr);
    }
    await sleep(BUSY_PAUSE_MS);
  }
}

/** Waits until commands can be run, and makes sure that they run as nobody else. */
export async function requireUser(smolvm: Smolvm, name: string, user: string | undefined, uid: number): Promise<void> {
  const args = ["machine", "exec", "--name", name, "--timeout", EXEC_TIMEOUT];
  const deadline = performance.now() + EXEC_DEADLINE_MS;
  for (let pause = 20; ; pause *= 2) {
    const { exit, stdout, stderr } = await smolvm.run([
      ...[...args, ...(user === undefined ? [] : ["--user", user]), "--", "id", "-u"],
    ]);
    const said = stdout.toString("utf8").trim();
    if (exit.kind === "code" && exit.code === 0) {
      if (said === String(uid)) return;
      throw new BottleError("launch/failed", `commands in the machine would run as user ${said}, not ${uid}`, {
        hint: "write USER node in the Dockerfile, or update smolvm to 1.14.6 or newer",
      });
    }
    if (performance.now() > deadline) throw smolvmFailure("no command can be run in the machine", stderr);
    await sleep(pause);
  }
}

/** Makes the image's own user that of a mounted folder, which keeps its owner inside. */
export async function giveToOwner(
  smolvm: Smolvm,
  name: string,
  { user, home }: GuestSpec["layout"],
  owner: { readonly uid: number; readonly gid: number },
): Promise<void> {
  const args = makeRootArgs(name, GIVE, [user, home, String(owner.uid), String(owner.gid)]);
  await mustRun(smolvm, "the machine cannot be given to the owner of the workspace", args);
}

const GIVE = `set -e
sed -i "s/^$1:[^:]*:[0-9]*:[0-9]*:/$1:x:$3:$4:/" /etc/passwd
chown "$3:$4" "$2"
for one in "$2"/.[!.]* "$2"/*; do
  if [ -e "$one" ] && [ "$one" != "$2/workspace" ]; then chown -R "$3:$4" "$one"; fi
done`;

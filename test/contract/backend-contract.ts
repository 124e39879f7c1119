import { randomBytes } from "node:crypto";
import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Backend, Guest, GuestCommand, GuestProcess, GuestSpec } from "../../src/backends/backend.ts";
import { SecretValue } from "../../src/base/secret-value.ts";

/** What a backend must bring to be held to its contract. */
export type ContractBottle = {
  readonly backend: Backend;
  readonly guest: Guest;
  readonly spec: GuestSpec;
  /** False for a backend that cannot give a guest its name */
  readonly isNamed?: boolean;
  close(): Promise<void>;
};

/** Files by name that are put into a guest's folders on the host before it is made. */
export type ContractFiles = {
  readonly home: Readonly<Record<string, string>>;
  readonly workspace: Readonly<Record<string, string>>;
};

type Pipes = Extract<GuestProcess, { readonly kind: "pipes" }>;
type Terminal = Extract<GuestProcess, { readonly kind: "terminal" }>;

/**
 * A command that says when it is in front, and again after `fg`; what is typed does not contain what is printed. One
 * process that never forks: a shell that is stopped between fork and exec would not stop as a whole.
 */
const IN_FRONT = `perl -e '$| = 1; $SIG{CONT} = sub { print "ba", "ck\\n" }; print "rea", "dy\\n"; sleep 1 while 1'\n`;

const SCREEN_DEADLINE_MS = 10_000;

/** The one suite that every backend passes: what `Guest` and `GuestProcess` promise to whoever starts a command. */
export function describeBackend(name: string, open: (files?: ContractFiles) => Promise<ContractBottle>): void {
  describe(`contract of a backend: ${name}`, () => {
    let bottle: ContractBottle;
    beforeAll(async () => {
      bottle = await open();
    });
    afterAll(() => bottle.close());

    const start = (argv: readonly string[], more: Partial<GuestCommand> = {}) =>
      bottle.guest.exec({ argv, env: new Map(), cwd: bottle.spec.layout.workspace, terminal: undefined, ...more });
    const startPipes = async (argv: readonly string[], more: Partial<GuestCommand> = {}): Promise<Pipes> => {
      const one = await start(argv, more);
      if (one.kind !== "pipes") throw new Error("a command without a terminal has pipes");
      return one;
    };
    const startTerminal = async (argv: readonly string[]): Promise<Screen> => {
      const one = await start(argv, { terminal: { columns: 80, rows: 24, term: "xterm-256color" } });
      if (one.kind !== "terminal") throw new Error("a command with a terminal has one");
      return makeScreen(one);
    };
    const runToEnd = async (argv: readonly string[], more: Partial<GuestCommand> = {}) => {
      const one = await startPipes(argv, more);
      one.stdin.end();
      const [exit, stdout, stderr] = await Promise.all([one.exit, text(one.stdout), text(one.stderr)]);
      return { exit, stdout, stderr };
    };

    test.each([0, 1, 2, 42, 126, 127, 128, 255])("passes on exit code %i", async (code) => {
      expect((await runToEnd(["sh", "-c", `exit ${code}`])).exit).toEqual({ kind: "code", code });
    });

    test.each(["SIGKILL", "SIGTERM", "SIGSEGV", "SIGINT"])("tells the command that died of %s", async (signal) => {
      const { exit } = await runToEnd(["sh", "-c", `kill -${signal.slice(3)} $$`]);
      expect(exit).toEqual({ kind: "signal", signal });
    });

    test("keeps output and error apart, and each in order", async () => {
      const { stdout, stderr } = await runToEnd(["sh", "-c", "echo one; echo two >&2; echo three; echo four >&2"]);
      expect(stdout).toBe("one\nthree\n");
      expect(stderr).toBe("two\nfour\n");
    });

    test("lets scripts write to their outputs by name", async () => {
      const { stdout, stderr } = await runToEnd(["sh", "-c", "echo one >/dev/stdout; echo two >/dev/stderr"]);
      expect([stdout, stderr]).toEqual(["one\n", "two\n"]);
    });

    test("keeps the output of a command that has ended before anyone reads", async () => {
      const one = await startPipes(["sh", "-c", "echo out; echo err >&2"]);
      await one.exit;
      expect(await text(one.stdout)).toBe("out\n");
      expect(await text(one.stderr)).toBe("err\n");
    });

    test("carries binary input and large output unchanged", async () => {
      const bytes = randomBytes(8 * 1024 * 1024);
      const one = await startPipes(["cat"]);
      const read = buffer(one.stdout);
      one.stdin.end(bytes);
      expect((await read).equals(bytes)).toBe(true);
      expect(await one.exit).toEqual({ kind: "code", code: 0 });
    });

    test("lets a command wait for its input, and tells it the end", async () => {
      const one = await startPipes(["sh", "-c", "read a; echo got $a; cat; echo end"]);
      one.stdin.write("first\n");
      await new Promise((resolve) => one.stdout.once("readable", resolve));
      one.stdin.end("rest\n");
      expect(await text(one.stdout)).toBe("got first\nrest\nend\n");
    });

    test("survives a command that does not read its input", async () => {
      const one = await startPipes(["true"]);
      one.stdin.on("error", () => {});
      one.stdin.write(Buffer.alloc(1024 * 1024));
      expect(await one.exit).toEqual({ kind: "code", code: 0 });
    });

    test("gives variables, secret or not, and its own few", async () => {
      const env = new Map<string, string | SecretValue>([
        ["PLAIN", "a = b\n'\"$HOME"],
        ["EMPTY", ""],
        ["SECRET", new SecretValue("SECRET", "hunter2")],
      ]);
      const { stdout } = await runToEnd(
        ["sh", "-c", 'printf "%s|%s|%s|%s|%s" "$PLAIN" "$EMPTY" "$SECRET" "$HOME" "$USER"'],
        {
          env,
        },
      );
      expect(stdout).toBe("a = b\n'\"$HOME||hunter2|/home/node|node");
    });

    test("passes every argument as it is", async () => {
      const odd = ["", " ", "a b", "--", "-c", "$HOME", "`id`", "ü\n\t", "*"];
      const { stdout } = await runToEnd(["printf", "%s|", ...odd]);
      expect(stdout).toBe(odd.map((one) => `${one}|`).join(""));
    });

    test("starts where it is told, as the user it promises", async () => {
      expect((await runToEnd(["pwd"], { cwd: "/tmp" })).stdout).toBe("/tmp\n");
      expect((await runToEnd(["pwd"])).stdout).toBe(`${bottle.spec.layout.workspace}\n`);
      expect((await runToEnd(["id", "-u"])).stdout).toBe("1000\n");
      const { stdout } = await runToEnd(["hostname"]);
      if (bottle.isNamed === false) expect(stdout).not.toBe(`${hostname()}\n`);
      else expect(stdout).toBe(`${bottle.spec.layout.hostname}\n`);
    });

    test("has what its folders are filled with, and its workspace comes back", async () => {
      const own = await open({ home: { given: "home\n" }, workspace: { given: "outside\n", old: "old\n", gone: "" } });
      const { workspace, layout } = own.spec;
      if (workspace.kind !== "folder") throw new Error("the contract needs a folder as workspace");
      const before = await stat(join(workspace.path, "given"), { bigint: true });
      const script =
        "cat given ~/given; echo inside >made; echo new >old; mkdir -p a/b; ln -s /etc a/b/c; rm gone; test -O . && test -O ~ && id -un";
      const one = await own.guest.exec({
        argv: ["sh", "-c", script],
        env: new Map(),
        cwd: layout.workspace,
        terminal: undefined,
      });
      if (one.kind !== "pipes") throw new Error("pipes were asked for");
      expect(await text(one.stdout)).toBe("outside\nhome\nnode\n");
      await own.guest.stop();
      await own.guest.collect();
      const read = (name: string) => readFile(join(workspace.path, name), "utf8");
      expect([await read("given"), await read("made"), await read("old")]).toEqual(["outside\n", "inside\n", "new\n"]);
      expect(await readlink(join(workspace.path, "a/b/c"))).toBe("/etc");
      expect((await readdir(workspace.path)).sort()).toEqual(["a", "given", "made", "old"]);
      const after = await stat(join(workspace.path, "given"), { bigint: true });
      expect([after.ino, after.ctimeNs]).toEqual([before.ino, before.ctimeNs]);
      await own.close();
    });

    test("has node", async () => {
      expect((await runToEnd(["node", "-p", "6 * 7"])).stdout).toBe("42\n");
    });

    test("names a program that is not there, one that is none, and a folder that is not there", async () => {
      await expect(start(["no-such-program", "x"])).rejects.toMatchObject({
        code: "launch/command-not-found",
        message: expect.stringContaining("no-such-program"),
        exit: 127,
      });
      await expect(start(["/etc/passwd"])).rejects.toMatchObject({ code: "launch/command-not-executable", exit: 126 });
      await expect(start(["true"], { cwd: "/no/such/folder" })).rejects.toMatchObject({
        code: "launch/failed",
        message: expect.stringContaining("/no/such/folder"),
      });
    });

    test("signals the command itself, which may handle it", async () => {
      const one = await startPipes([
        "sh",
        "-c",
        'trap "echo caught; exit 7" TERM; echo up; while :; do sleep 0.05; done',
      ]);
      await new Promise((resolve) => one.stdout.once("readable", resolve));
      one.kill("SIGTERM");
      expect(await text(one.stdout)).toBe("up\ncaught\n");
      expect(await one.exit).toEqual({ kind: "code", code: 7 });
      one.kill("SIGTERM"); // late, and no error
    });

    test("ends what a command leaves in the background", async () => {
      const { exit } = await runToEnd(["sh", "-c", "setsid sleep 1000 & sleep 1000 & exit 3"]);
      expect(exit).toEqual({ kind: "code", code: 3 });
    });

    test("runs several commands at once", async () => {
      const results = await Promise.all([1, 2, 3].map((n) => runToEnd(["sh", "-c", `echo ${n}; exit ${n}`])));
      expect(results.map(({ stdout, exit }) => [stdout, exit])).toEqual(
        [1, 2, 3].map((n) => [`${n}\n`, { kind: "code", code: n }]),
      );
    });

    test("is found by its label", async () => {
      const refs = await bottle.backend.list();
      expect(refs.map((ref) => ref.slug)).toContain(bottle.spec.slug);
      expect(bottle.guest.ref).toMatchObject({ backend: bottle.backend.name, slug: bottle.spec.slug });
    });

    test("a terminal has its size, its type and its own session", async () => {
      const screen = await startTerminal(["sh", "-c", "stty size; echo $TERM; tty; ps -o tty= -p $$; exit 5"]);
      expect(await screen.exit).toEqual({ kind: "code", code: 5 });
      await screen.see(/24 80\r\nxterm-256color\r\n/);
    });

    test("a terminal is resized", async () => {
      const script = 'trap "stty size; exit" WINCH; echo up; while :; do sleep 0.05; done';
      const screen = await startTerminal(["sh", "-c", script]);
      await screen.see(/up/);
      screen.terminal.resize(132, 50);
      await screen.see(/50 132/);
      expect(await screen.exit).toEqual({ kind: "code", code: 0 });
    });

    test("Ctrl-C reaches the command in front and not the shell", async () => {
      const screen = await startTerminal(["bash", "--norc", "-i"]);
      await screen.see(/\$ $/);
      screen.type(IN_FRONT);
      await screen.see(/ready\r\n/);
      screen.type("\x03");
      await screen.see(/\^C.*\$ $/s);
      screen.type("echo code=$?\n");
      await screen.see(/code=130/);
      screen.type("exit 4\n");
      expect(await screen.exit).toEqual({ kind: "code", code: 4 });
    });

    test("Ctrl-Z, jobs and fg work inside", async () => {
      const screen = await startTerminal(["bash", "--norc", "-i"]);
      await screen.see(/\$ $/);
      screen.type(IN_FRONT);
      await screen.see(/ready\r\n/);
      screen.type("\x1a");
      await screen.see(/Stopped.*\$ $/s);
      screen.type("echo alive; jobs\n");
      await screen.see(/alive\r\n.*Stopped.*perl/s);
      screen.type("fg\n");
      await screen.see(/back\r\n/);
      screen.type("\x03");
      await screen.see(/\^C.*\$ $/s);
      screen.type("exit 6\n");
      expect(await screen.exit).toEqual({ kind: "code", code: 6 });
    });

    test("a terminal names a program that is not there", async () => {
      const terminal = { columns: 80, rows: 24, term: "xterm" };
      await expect(start(["no-such-program"], { terminal })).rejects.toMatchObject({
        code: "launch/command-not-found",
      });
    });

    test("stop ends everything within two seconds, also what ignores signals", async () => {
      const own = await open();
      const argv = ["sh", "-c", 'trap "" TERM INT HUP; setsid sleep 1000 & echo up; while :; do sleep 1; done'];
      const command = { argv, env: new Map(), cwd: "/", terminal: undefined };
      const [one, two] = await Promise.all([own.guest.exec(command), own.guest.exec(command)]);
      const started = performance.now();
      await own.guest.stop();
      expect(performance.now() - started).toBeLessThan(2000); // the promise of `stop`, not a measurement
      expect(await one.exit).toEqual({ kind: "signal", signal: "SIGKILL" });
      expect(await two.exit).toEqual({ kind: "signal", signal: "SIGKILL" });
      await own.guest.stop();
      await expect(own.guest.exec(command)).rejects.toMatchObject({ code: "launch/failed" });
      await own.close();
      expect((await own.backend.list()).map((ref) => ref.slug)).not.toContain(own.spec.slug);
    });

    test("two guests at once are two", async () => {
      const other = await open();
      try {
        await runToEnd(["sh", "-c", "echo mine >/tmp/x; echo mine >~/x"]);
        const one = await other.guest.exec({
          argv: ["sh", "-c", "ls /tmp ~"],
          env: new Map(),
          cwd: "/",
          terminal: undefined,
        });
        if (one.kind !== "pipes") throw new Error("pipes were asked for");
        expect(await text(one.stdout)).not.toMatch(/^x$/m);
      } finally {
        await other.close();
      }
    });

    test("removing is idempotent, and also removes what runs", async () => {
      const own = await open();
      const one = await own.guest.exec({ argv: ["sleep", "1000"], env: new Map(), cwd: "/", terminal: undefined });
      await own.backend.remove(own.guest.ref);
      expect(await one.exit).toMatchObject({ kind: "signal" });
      await own.backend.remove(own.guest.ref);
      await own.close();
    });
  });
}

type Screen = {
  readonly terminal: Terminal["terminal"];
  readonly exit: Terminal["exit"];
  /** Waits until what has been printed since the last match matches. */
  see(pattern: RegExp): Promise<void>;
  type(text: string): void;
};

function makeScreen(one: Terminal): Screen {
  let printed = "";
  const listeners = new Set<() => void>();
  one.terminal.output.on("data", (chunk: Buffer) => {
    printed += chunk.toString("utf8");
    for (const listener of listeners) listener();
  });
  one.terminal.output.on("error", () => {});
  const waitFor = (pattern: RegExp, deadlineMs: number): Promise<boolean> =>
    new Promise((resolve) => {
      const settle = (seen: boolean) => {
        clearTimeout(timer);
        listeners.delete(look);
        resolve(seen);
      };
      const look = () => {
        const match = pattern.exec(printed);
        if (match === null) return;
        printed = printed.slice(match.index + match[0].length);
        settle(true);
      };
      const timer = setTimeout(() => settle(false), deadlineMs);
      listeners.add(look);
      look();
    });
  const see = async (pattern: RegExp) => {
    if (!(await waitFor(pattern, SCREEN_DEADLINE_MS)))
      throw new Error(`${pattern} was not seen in ${JSON.stringify(printed)}`);
  };
  const type = (keys: string) => void one.terminal.input.write(keys);
  return { terminal: one.terminal, exit: one.exit, see, type };
}

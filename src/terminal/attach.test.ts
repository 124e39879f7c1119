import { EventEmitter } from "node:events";
import { PassThrough, Readable, Writable } from "node:stream";
import { expect, test } from "vitest";
import type { Exit } from "../base/process.ts";
import { type Attachment, attachTerminal } from "./attach.ts";
import { ASK_FOR_SIGN, restoreScreen, SIGN } from "./restore-sequences.ts";

const ENDED: Exit = { kind: "code", code: 3 };

/** Two terminals made of plain streams; what happens to the operator's is written down in order. */
function makeScene(options: { readonly answers?: boolean; readonly slowScreen?: boolean } = {}) {
  const happened: string[] = [];
  const typed: string[] = [];
  const stdin = new PassThrough();
  const resizing = new EventEmitter();
  const screen = new EventEmitter();
  let end: (exit: Exit) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const exit = new Promise<Exit>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  const output = new Readable({ read() {} });
  const input = new Writable({
    write(chunk: Buffer, _encoding, done) {
      typed.push(chunk.toString());
      done();
    },
  });
  const abort = new AbortController();
  const size = { columns: 80, rows: 24 };
  const attachment: Attachment = {
    guest: { input, output, resize: (columns, rows) => happened.push(`size ${columns}x${rows}`) },
    stdin,
    stdout: {
      get columns() {
        return size.columns;
      },
      get rows() {
        return size.rows;
      },
      on: (event, listener) => screen.on(event, listener),
      off: (event, listener) => screen.off(event, listener),
      write: (bytes) => {
        const text = Buffer.from(bytes).toString();
        if (text !== "") happened.push(text);
        if (text === ASK_FOR_SIGN && options.answers === true) stdin.write(`\x1b[?1;2c${SIGN}`);
        return options.slowScreen !== true;
      },
    },
    onResize: (listener) => {
      resizing.on("resize", listener);
      return () => resizing.off("resize", listener);
    },
    exit,
    signal: abort.signal,
    openGuard: async () => {
      happened.push("raw");
      return {
        again: () => happened.push("again"),
        shows: (shown) => happened.push(`shows ${shown}`),
        leave: async () => void happened.push("left"),
      };
    },
  };
  return { attachment, happened, typed, stdin, output, input, screen, resizing, size, end, fail, abort };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const RESET = restoreScreen("main");

test("bytes go both ways, filtered on the way out, and the rest of the output comes before the end", async () => {
  const scene = makeScene();
  const attached = attachTerminal(scene.attachment);
  await turn();
  scene.stdin.write("typed\x03");
  scene.output.push("shown\x1b]0;title\x07\x1b[1m");
  await turn();
  scene.end(ENDED);
  await turn();
  scene.output.push("last words\x1b[");
  scene.output.push(null);
  expect(await attached).toEqual({ kind: "exited", exit: ENDED });
  expect(scene.typed).toEqual(["typed\x03"]);
  expect(scene.happened).toEqual(["raw", "size 80x24", "shown\x1b[1m", "last words", RESET, "left"]);
});

test("the size follows while it is attached, and not afterwards", async () => {
  const scene = makeScene();
  const attached = attachTerminal(scene.attachment);
  await turn();
  Object.assign(scene.size, { columns: 100, rows: 30 });
  scene.resizing.emit("resize");
  scene.output.push(null);
  scene.end(ENDED);
  await attached;
  expect(scene.happened).toEqual(["raw", "size 80x24", "size 100x30", RESET, "left"]);
  expect(scene.resizing.listenerCount("resize")).toBe(0);
  expect(scene.stdin.listenerCount("data")).toBe(0);
  expect(scene.output.listenerCount("data")).toBe(0);
});

test("what the terminal still has to say is swallowed before it is given back", async () => {
  const scene = makeScene({ answers: true });
  const attached = attachTerminal(scene.attachment);
  await turn();
  scene.output.push("\x1b[c\x1b[?1049h");
  scene.output.push(null);
  scene.end(ENDED);
  await attached;
  scene.stdin.write("for the shell");
  expect(scene.typed).toEqual([]);
  const screen = restoreScreen("alternate");
  expect(scene.happened).toEqual([
    "raw",
    "size 80x24",
    "shows alternate",
    "\x1b[c\x1b[?1049h",
    screen,
    ASK_FOR_SIGN,
    "left",
  ]);
  expect(String(scene.stdin.read())).toBe("for the shell");
});

test("a sign that the bottle asked for itself is not taken for the last thing that the terminal says", async () => {
  const scene = makeScene();
  const attached = attachTerminal(scene.attachment);
  await turn();
  scene.output.push("\x1b[5");
  scene.output.push("n\x1b[5n");
  await turn();
  scene.stdin.write(SIGN.slice(0, 2)); // an answer that comes in two pieces, one before the end and one after
  scene.output.push(null);
  scene.end(ENDED);
  await turn();
  await turn();
  expect(scene.happened.at(-1)).toBe(ASK_FOR_SIGN);
  scene.stdin.write(`${SIGN.slice(2)}${SIGN}`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(scene.happened.at(-1)).toBe(ASK_FOR_SIGN);
  scene.stdin.write(SIGN);
  await attached;
  expect(scene.stdin.read()).toBeNull();
});

test("a terminal that does not answer is not waited for long", async () => {
  const scene = makeScene();
  const attached = attachTerminal(scene.attachment);
  await turn();
  scene.output.push("\x1b[6n");
  scene.output.push(null);
  scene.end(ENDED);
  expect(await attached).toEqual({ kind: "exited", exit: ENDED });
  expect(scene.happened.at(-1)).toBe("left");
});

test.each([
  ["the input ends", (scene: ReturnType<typeof makeScene>) => scene.stdin.end()],
  ["the input breaks", (scene: ReturnType<typeof makeScene>) => scene.stdin.destroy(new Error("EIO"))],
  ["the output breaks", (scene: ReturnType<typeof makeScene>) => scene.screen.emit("error", new Error("EIO"))],
])("when %s, the terminal has hung up", async (_what, hangUp) => {
  const scene = makeScene();
  const attached = attachTerminal(scene.attachment);
  await turn();
  hangUp(scene);
  expect(await attached).toEqual({ kind: "hung-up" });
  expect(scene.happened).toEqual(["raw", "size 80x24", RESET, "left"]);
});

test("an abort ends it with its reason, also one that came before", async () => {
  const scene = makeScene();
  scene.abort.abort("SIGTERM");
  expect(await attachTerminal(scene.attachment)).toEqual({ kind: "aborted", reason: "SIGTERM" });
  expect(scene.happened).toEqual(["raw", "size 80x24", RESET, "left"]);
});

test("the terminal is given back once when something fails", async () => {
  const scene = makeScene();
  const attached = attachTerminal(scene.attachment);
  await turn();
  scene.fail(new Error("lost the guest"));
  await expect(attached).rejects.toThrow("lost the guest");
  expect(scene.happened).toEqual(["raw", "size 80x24", RESET, "left"]);
});

test("a terminal that cannot be made raw is not touched", async () => {
  const scene = makeScene();
  const openGuard = () => Promise.reject(new Error("no terminal"));
  await expect(attachTerminal({ ...scene.attachment, openGuard })).rejects.toThrow("no terminal");
  expect(scene.happened).toEqual([]);
});

test("a screen that takes no more stops the bottle's output until it does", async () => {
  const scene = makeScene({ slowScreen: true });
  const attached = attachTerminal(scene.attachment);
  await turn();
  scene.output.push("one");
  await turn();
  scene.output.push("two");
  await turn();
  expect(scene.happened.filter((what) => /one|two/.test(what))).toEqual(["one"]);
  expect(scene.output.isPaused()).toBe(true);
  scene.screen.emit("drain");
  await turn();
  expect(scene.happened.filter((what) => /one|two/.test(what))).toEqual(["one", "two"]);
  scene.screen.emit("drain");
  scene.output.push(null);
  scene.end(ENDED);
  await attached;
});

test("a bottle that does not read stops what is typed until it does", async () => {
  const scene = makeScene();
  const waiting: (() => void)[] = [];
  const input = new Writable({ highWaterMark: 4, write: (_chunk, _encoding, done) => void waiting.push(done) });
  const attached = attachTerminal({ ...scene.attachment, guest: { ...scene.attachment.guest, input } });
  await turn();
  scene.stdin.write("more than four");
  await turn();
  expect(scene.stdin.isPaused()).toBe(true);
  waiting.shift()?.();
  await turn();
  expect(scene.stdin.isPaused()).toBe(false);
  scene.output.push(null);
  scene.end(ENDED);
  await attached;
});

test("an input that somebody paused before is read", async () => {
  const scene = makeScene();
  scene.stdin.pause();
  const attached = attachTerminal(scene.attachment);
  await turn();
  scene.stdin.write("typed");
  await turn();
  expect(scene.typed).toEqual(["typed"]);
  scene.output.push(null);
  scene.end(ENDED);
  await attached;
});

test("dropped images are pasted by their paths inside, before what was typed after them", async () => {
  const scene = makeScene();
  const asked: (readonly string[])[] = [];
  let give: (paths: readonly string[] | undefined) => void = () => {};
  const giveImages = (paths: readonly string[]) => {
    asked.push(paths);
    return new Promise<readonly string[] | undefined>((resolve) => {
      give = resolve;
    });
  };
  const attached = attachTerminal({ ...scene.attachment, giveImages });
  await turn();
  scene.stdin.write("look \x1b[200~/home/me/a.png\x1b[201~ and");
  scene.stdin.write(" \x1b[200~/home/me/b.png\x1b[201~!");
  await turn();
  expect(scene.typed).toEqual(["look "]);
  give(["/tmp/pasted/1-a.png"]);
  await turn();
  give(undefined);
  await turn();
  expect(asked).toEqual([["/home/me/a.png"], ["/home/me/b.png"]]);
  expect(scene.typed.join("")).toBe("look \x1b[200~/tmp/pasted/1-a.png\x1b[201~ and \x1b[200~/home/me/b.png\x1b[201~!");
  scene.output.push(null);
  scene.end(ENDED);
  await attached;
});

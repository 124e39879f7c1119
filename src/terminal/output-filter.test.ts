import xterm from "@xterm/headless";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeOutputFilter } from "./output-filter.ts";
import { ASK_FOR_SIGN, restoreScreen } from "./restore-sequences.ts";
import { utf8Length } from "./utf8-length.ts";

function filter(...chunks: readonly (string | Uint8Array)[]): string {
  const it = makeOutputFilter();
  const out = chunks.map((chunk) => it.push(typeof chunk === "string" ? Buffer.from(chunk, "utf8") : chunk));
  return Buffer.concat([...out, it.end()]).toString("utf8");
}

const PASSES: readonly (readonly [name: string, bytes: string])[] = [
  ["text", "hello, wörld ✂ 日本 👩🏽‍💻\r\n\ttab\b\x07"],
  ["vim starts", "\x1b[?1049h\x1b[>4;2m\x1b[?1h\x1b=\x1b[?2004h\x1b[?1004h\x1b[1;24r\x1b[?12h\x1b[?12l"],
  ["vim asks", "\x1b[27m\x1b[23m\x1b[29m\x1b[m\x1b[H\x1b[2J\x1b[?25l\x1b[24;1H\x1b[2;1H▽\x1b[6n\x1b[2;1H  \x1b[3;1H"],
  ["vim asks for colours", "\x1b[>c\x1b]10;?\x07\x1b]11;?\x07\x1b[?12$p\x1b[c\x1b[5n"],
  [
    "vim draws",
    "\x1b[38;5;130m  1 \x1b[m#include\x1b[K\r\n\x1b[1m\x1b[34m~\x1b[0m\x1b[97m\x1b[41mE\x1b[m\x1b[24;63H1,1\x1b[11CAll\x1b[L\x1b[2M\x1b[4P\x1b[3@",
  ],
  ["vim ends", "\x1b[?1004l\x1b[?2004l\x1b[?1l\x1b>\x1b[?1049l\x1b[?25h\x1b[>4;m\x1b[2 q\x1b[0 q"],
  ["less", "\x1b[?1049h\x1b[?1h\x1b=\r\x1b[7m(END)\x1b[27m\x1b[K\r\x1b[K\x1bM\x1b[H\x1b[J\x1b[?1l\x1b>\x1b[?1049l"],
  ["readline", "\x1b[?2004h\r\x1b[Kroot@bottle:/# ls\x1b[C\x1b[1@x\x1b[A\x1b[5D\x1b[?2004l\r"],
  [
    "git diff",
    "\x1b[1mdiff --git a/x b/x\x1b[m\n\x1b[36m@@ -1 +1 @@\x1b[m\n\x1b[31m-a\x1b[m\n\x1b[32m+\x1b[m\x1b[32mb\x1b[m\n",
  ],
  ["24-bit colour", "\x1b[38;2;215;119;87m✻\x1b[39m\x1b[48:2::1:2:3mx\x1b[4:3m\x1b[58;5;3m\x1b[0m"],
  [
    "Claude starts",
    "\x1b[?2004h\x1b[?1004h\x1b[?2031h\x1b[<u\x1b[>1u\x1b[>4;2m\x1b[?25l\x1b[>0q\x1b[c\x1b[?u\x1b[?2026$p",
  ],
  [
    "Claude draws",
    "\x1b[?2026h\x1b[2K\x1b[1A\x1b[2K\x1b[G\x1b[2m│\x1b[22m \x1b[7m \x1b[27m\r\n\x1b[2J\x1b[3J\x1b[H\x1b[?2026l",
  ],
  ["mouse", "\x1b[?1000h\x1b[?1002h\x1b[?1003h\x1b[?1006h\x1b[?1016h\x1b[?1006l\x1b[?1000;1002;1003l"],
  ["size in characters and pixels", "\x1b[14t\x1b[16t\x1b[18t"],
  ["line drawing", "\x1b(0lqqk\x1b(B\x0ex\x0f\x1b)0"],
  ["saved cursor, reset", "\x1b7\x1b8\x1b[s\x1b[u\x1bD\x1bE\x1bM\x1bc\x1b[!p"],
  [
    "colours asked for and reset",
    "\x1b]4;1;?;2;?\x1b\\\x1b]12;?\x1b\\\x1b]104\x07\x1b]104;1;2\x07\x1b]110\x1b\\\x1b]111;\x1b\\\x1b]112\x07",
  ],
  ["links", "\x1b]8;;https://example.com/a?b=c#d\x1b\\x\x1b]8;;\x1b\\\x1b]8;id=a-1;http://[::1]:80/\x07y\x1b]8;;\x07"],
  ["our own ending", restoreScreen("alternate").slice("\x18\x1b\\".length) + ASK_FOR_SIGN],
];

describe("what full-screen programs need passes unchanged", () => {
  test.each(PASSES)("%s", (_name, bytes) => {
    expect(filter(bytes)).toBe(bytes);
  });
});

const DROPPED: readonly (readonly [name: string, bytes: string, left?: string])[] = [
  ["clipboard set", "\x1b]52;c;aGVsbG8=\x07"],
  ["clipboard asked for", "\x1b]52;c;?\x1b\\"],
  ["title and icon", "\x1b]0;a\x07\x1b]1;b\x07\x1b]2;c\x1b\\\x1b]l;d\x1b\\\x1b]L;e\x1b\\"],
  ["title by screen and tmux", "\x1bktitle\x1b\\"],
  ["title asked for and stacked", "\x1b[21t\x1b[20t\x1b[22;0;0t\x1b[23;0;0t\x1b[22;2t\x1b[>2t"],
  [
    "window moved, resized, iconified, printed",
    "\x1b[1t\x1b[2t\x1b[3;0;0t\x1b[8;50;100t\x1b[9;1t\x1b[11t\x1b[13t\x1b[19t\x1b[24t\x1b[14;2t",
  ],
  [
    "working folder, notifications, files",
    "\x1b]7;file://h/x\x07\x1b]9;hi\x07\x1b]99;;hi\x1b\\\x1b]777;notify;a;b\x07\x1b]1337;File=:AAAA\x07\x1b]5522;x\x07",
  ],
  [
    "shell marks, font, pointer, palette set",
    "\x1b]133;A\x07\x1b]633;A\x07\x1b]50;x\x07\x1b]22;hand\x07\x1b]4;1;rgb:0/0/0\x07\x1b]10;red\x07\x1b]4;1;?;2;red\x07\x1b]P0ff0000\x07",
  ],
  ["DECRQSS, XTGETTCAP", "\x1bP$qm\x1b\\\x1bP+q544e\x1b\\\x1bP+p544e\x1b\\"],
  ["through tmux", "\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\"],
  ["sixel, APC, PM, SOS", "\x1bPq#0;2;0;0;0~\x1b\\\x1b_Gf=24;AAAA\x1b\\\x1b^x\x1b\\\x1bXy\x1b\\"],
  ["answer-back", "\x05"],
  ["media copy", "\x1b[i\x1b[5i\x1b[4i\x1b[?5i\x1b[0i"],
  ["8-bit C1 as UTF-8", "\u009b31m\u009d52;c;aGk=\u009c\u0090\u0085", "31m52;c;aGk="],
  [
    "attributes with a unit's name, parameters, checksums",
    "\x1b[=c\x1b[0x\x1b[1x\x1bZ\x1b[1;1;1;1;9;9*y\x1b[1$w\x1b[&u",
  ],
  ["printers, keys and locators", "\x1b[?15n\x1b[?25n\x1b[?26n\x1b[?53n\x1b[?62n\x1b[0;1|\x1b['|\x1b[1'z\x1b[?1;1;0S"],
  ["keyboard lock, linefeed mode, local echo", "\x1b[2h\x1b[20h\x1b[12l"],
  [
    "132 columns, origin, margins, 7-bit meta, VT52",
    "\x1b[?3h\x1b[?40h\x1b[?6h\x1b[?69h\x1b[5;9s\x1b[?1034h\x1b[?2l\x1b[?1001h\x1b[?1049s\x1b[?1049r",
  ],
  ["tab stops, other charsets, leaving UTF-8", "\x1bH\x1b[3g\x1b(K\x1b%@\x1b%G\x1bn\x1bo\x1b}\x1b#3\x1bl\x1bm"],
  ["XON, XOFF, NUL, DEL", "\x11\x13\0\x7f\x1c"],
  ["numbers without bounds", "\x1b[99999999b\x1b[000000001A"],
  ["aborted", "\x1b]52;c;a\x18\x1b[31\x18\x1bP\x1a\x1b]0;x\x1b[1", ""],
  ["aborted by the next sequence", "\x1b]0;title\x1b[1m\x1b[3\x1b[4m\x1bPabc\x1b[7m", "\x1b[1m\x1b[4m\x1b[7m"],
  ["controls inside a sequence act at once", "\x1b[3\x071\x05m\x1b\r[1m", "\x07\x1b[31m\r\x1b[1m"],
  ["a byte above 7F inside a sequence ends it", "\x1b[3é1m\x1bü", "é1mü"],
  ["modes are picked one by one", "\x1b[?1049;1034;25h\x1b[?3;4l", "\x1b[?1049;25h\x1b[?4l"],
  ["links elsewhere become no link", "\x1b]8;;file:///etc/passwd\x07a\x1b]8;;\x07", "\x1b]8;;\x07a\x1b]8;;\x07"],
  [
    "links with user-info",
    "\x1b]8;;https://a@b/\x07\x1b]8;;https://@b/\x07\x1b]8;;https://a\\@b/\x07",
    "\x1b]8;;\x07\x1b]8;;\x07\x1b]8;;\x07",
  ],
  [
    "links with odd parameters",
    "\x1b]8;id=a:x=y;http://b/\x07\x1b]8;id=\u00e9;http://b/\x07",
    "\x1b]8;id=a;http://b/\x07\x1b]8;;http://b/\x07",
  ],
  [
    "links with controls or scripts",
    "\x1b]8;;javascript:alert(1)\x07\x1b]8;;http://a\nb\x07",
    "\x1b]8;;\x07\x1b]8;;\x07",
  ],
];

describe("what reaches beyond the screen is dropped", () => {
  test.each(DROPPED.map(([name, bytes, left = ""]) => [name, bytes, left] as const))("%s", (_name, bytes, left) => {
    expect(filter(bytes)).toBe(left);
    expect(filter(`before${bytes}\x1b\\after`)).toBe(`before${left}after`);
  });

  test("8-bit C1 and what else is no UTF-8 shows as the replacement character", () => {
    expect(filter(Buffer.from([0x9b, 0x33, 0x31, 0x6d, 0xc0, 0x9b, 0xed, 0xa0, 0x80, 0xff]))).toBe("�31m������");
    expect(filter(Buffer.from([0xe2, 0x82]), Buffer.from([0x41, 0xf0, 0x9f]))).toBe("��A��");
  });

  test("a sequence without end keeps at most four kibibytes, and its end is still found", () => {
    const long = "x".repeat(10_000);
    expect(filter(`\x1b]8;;http://a/${long}\x07a\x1b[${"1;".repeat(5000)}mb\x1bP${long}\x1b\\c`)).toBe("abc");
  });

  test("what was let through that makes the terminal talk is known", () => {
    const asks = (text: string) => {
      const it = makeOutputFilter();
      it.push(Buffer.from(text));
      return it.expectsAnswers();
    };
    expect(["\x1b[6n", "\x1b[c", "\x1b]11;?\x07", "\x1b[?1000h", "\x1b[?1004h"].map(asks)).toEqual(Array(5).fill(true));
    expect(["text", "\x1b[31m", "\x1b[?1049h", "\x1b[?1000l", "\x1b]52;c;?\x07"].map(asks)).toEqual(
      Array(5).fill(false),
    );
  });
});

test("where nobody could read the answer, nothing is asked; what else is let through is known", () => {
  const it = makeOutputFilter({ unattended: true });
  expect(it.usesSequences()).toBe(false);
  const shown = Buffer.from(it.push(Buffer.from("a\x1b[6n\x1b[cb\x1b]11;?\x07\x1b[?1000h\x1b[18tc"))).toString();
  expect([shown, it.expectsAnswers(), it.usesSequences()]).toEqual(["abc", false, false]);
  expect(Buffer.from(it.push(Buffer.from("\x1b[31m\x1b[?25l"))).toString()).toBe("\x1b[31m\x1b[?25l");
  expect([it.expectsAnswers(), it.usesSequences()]).toEqual([false, true]);
});

/** Written without a look at the filter: the whole output must be made of these and nothing else. */
const HARMLESS =
  /^(?:[\x07-\x0f]|[^\x00-\x1f\x7f-\x9f]|\x1b[78DEMc=>]|\x1b[()*+][0AB]|\x1b\[[?<=>]?[\d;:]*(?:[A-Zabdefhlmnrsuc`@q]| q|!p|\??\$p|[?>]?u|1[468]t)|\x1b\](?:8;(?:id=[\w.-]+)?;(?:https?:\/\/[!-~]+)?|4;[\d;?]+|1[012];\?|104[\d;]*|11[012];?)(?:\x07|\x1b\\))*$/u;
const FORBIDDEN =
  /\x1b\[[?>=<\d;:]*[itxyzgw|]|\x1b\](?!8;|4;|1[012];\?|104|11[012])|\x1b[PX^_kZ]|[\x00-\x06\x10-\x1a\x1c-\x1f\x7f-\x9f]|:\/\/[^/\x07\x1b]*@/;

function checkHarmless(out: Uint8Array) {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(out);
  expect(text).toMatch(HARMLESS);
  expect(text.replaceAll(/\x1b\[1[468]t/g, "")).not.toMatch(FORBIDDEN);
}

const piece = fc.oneof(
  fc.uint8Array({ maxLength: 12 }),
  fc.string({ unit: "binary" }).map((text) => Buffer.from(text)),
  fc.constantFrom(
    ...[...PASSES.map(([, bytes]) => bytes), ...DROPPED.map(([, bytes]) => bytes)].map((bytes) => Buffer.from(bytes)),
  ),
  fc
    .constantFrom(
      ..."\x1b [ ] P _ ^ X k \\ ? > = ; : 0 1 5 52 8 4 t i c m h \x07 \x18 \x9b \x9d \x90 \xc2 é".split(" "),
    )
    .map((text) => Buffer.from(text, "latin1")),
  fc
    .tuple(
      fc.constantFrom("\x1b[", "\x1b]", "\x1bP", "\x1b", "\u009b"),
      fc.stringMatching(/^[?>=<]?[0-9;:]{0,6}[ -/]?[@-~]$/),
    )
    .map((all) => Buffer.from(all.join(""))),
);
const stream = fc.array(piece, { maxLength: 30 }).map((pieces) => Buffer.concat(pieces));

describe("whatever the bytes are", () => {
  test("no forbidden sequence comes out, and nothing throws", () => {
    fc.assert(
      fc.property(stream, (bytes) => {
        const it = makeOutputFilter();
        checkHarmless(Buffer.concat([it.push(bytes), it.end()]));
      }),
      { numRuns: 2000 },
    );
  });

  test("any way of cutting them gives the same output", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (bytes, sizes) => {
        const chunks: Uint8Array[] = [];
        for (let at = 0, n = 0; at < bytes.length; n++) {
          const size = sizes[n % sizes.length] ?? 1;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(filter(...chunks)).toBe(filter(bytes));
      }),
      { numRuns: 1000 },
    );
  });

  test("filtering twice changes nothing more", () => {
    fc.assert(fc.property(stream, (bytes) => void expect(filter(filter(bytes))).toBe(filter(bytes))));
  });

  test("plain text passes unchanged", () => {
    const text = fc.string({ unit: "grapheme" }).map((all) => all.replaceAll(/[\0-\x1f\x7f-\x9f]/g, ""));
    fc.assert(fc.property(text, (plain) => void expect(filter(plain)).toBe(plain)));
  });

  test("UTF-8 is recognised as the decoder of the platform does", () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(bytes, (all) => {
        fc.pre((all[0] ?? 0) >= 0x80);
        const valid = (() => {
          try {
            return [...new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(all)].length === 1;
          } catch {
            return false;
          }
        })();
        expect(utf8Length(all, 0) === all.length).toBe(valid);
      }),
      { numRuns: 5000 },
    );
  });

  test("the work grows with the input and not faster", () => {
    const count = (size: number) => {
      let reads = 0;
      const counted = new Proxy(Buffer.from("\x1b]8;;http://a/".padEnd(size, "\x1b[31mé")), {
        get: (target, key) => {
          if (typeof key === "string" && /^\d+$/.test(key)) reads += 1;
          const value: unknown = Reflect.get(target, key);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      makeOutputFilter().push(counted);
      return reads;
    };
    expect(count(40_000) / count(20_000)).toBeLessThan(2.2);
  });
});

async function screen(bytes: string | Uint8Array) {
  const terminal = new xterm.Terminal({ cols: 60, rows: 12, allowProposedApi: true });
  const said: string[] = [];
  terminal.onData((data) => said.push(data));
  terminal.onTitleChange((title) => said.push(`title ${title}`));
  await new Promise<void>((resolve) => terminal.write(bytes, resolve));
  const { active } = terminal.buffer;
  const lines = Array.from({ length: active.length }, (_, row) => {
    const line = active.getLine(row);
    return Array.from({ length: 60 }, (_, column) => {
      const cell = line?.getCell(column);
      return [cell?.getChars(), cell?.getFgColor(), cell?.getBgColor(), cell?.isBold(), cell?.isInverse()].join();
    });
  });
  return { lines, kind: active.type, x: active.cursorX, y: active.cursorY, modes: { ...terminal.modes }, said };
}

describe("on a terminal", () => {
  const scenes = [
    ...PASSES.map(([name, bytes]) => [name, bytes] as const),
    ["all of them", PASSES.map(([, bytes]) => bytes).join("")] as const,
  ];

  test.each(scenes)("the screen is the same with the filter and without: %s", async (_name, bytes) => {
    expect(await screen(filter(bytes))).toEqual(await screen(bytes));
  });

  test("after hostile output the terminal has no title and has said nothing that the bottle chose", async () => {
    const hostile = DROPPED.map(([, bytes]) => bytes).join("\x1b\\");
    expect((await screen(hostile)).said.join()).toContain("title"); // the test can fail
    expect((await screen(filter(hostile))).said).toEqual([]);
  });

  test("the ending brings back an ordinary screen from every mode that can be set", async () => {
    const ordinary = await screen("some text\r\nprompt");
    const set = PASSES.map(([, bytes]) => bytes).filter((bytes) => !bytes.includes("\x1bc"));
    for (const bytes of [
      "\x1b[?1049h\x1b[?1000;1003;1006h\x1b[?2004h\x1b[?1h\x1b=\x1b[?25l\x1b[4h\x1b[?7l\x1b[2;5r\x1b[7m\x1b(0",
      ...set,
    ]) {
      const it = makeOutputFilter();
      const out = Buffer.from(it.push(Buffer.from(`some text\r\nprompt${bytes}`))).toString();
      const after = await screen(out + restoreScreen(it.screen()));
      expect(after.modes).toEqual(ordinary.modes);
      expect(after.kind).toBe("normal");
    }
    expect(await screen(`some text\r\nprompt${restoreScreen("main")}`)).toEqual(ordinary);
    const full = await screen(`some text\r\nprompt\x1b[?1049h\x1b[2J\x1b[5;5Hvim${restoreScreen("alternate")}`);
    expect(full).toEqual(ordinary);
  });
});

import { BPF, type Instruction, SECCOMP_DATA, SECCOMP_RETURN } from "./bpf.ts";
import {
  type ArgumentTest,
  decideSyscall,
  ENOSYS,
  type SyscallAnswer,
  type SyscallRule,
  UNKNOWN_RULE,
} from "./policy.ts";
import { SYSCALLS_ARM64 } from "./syscalls-arm64.ts";
import { SYSCALLS_X64 } from "./syscalls-x64.ts";

/** Architectures that have a syscall table here; on others there is no filter and so no bottle. */
export type FilterArch = "x64" | "arm64";

/** What the kernel calls an architecture (`linux/audit.h`), and its syscalls. */
export const ARCHITECTURES: Readonly<
  Record<FilterArch, { readonly audit: number; readonly syscalls: Readonly<Record<string, number>> }>
> = {
  x64: { audit: 0xc000_003e, syscalls: SYSCALLS_X64 },
  arm64: { audit: 0xc000_00b7, syscalls: SYSCALLS_ARM64 },
};

/** Numbers from here on are the x32 ABI, a second door to every syscall. */
const X32 = 0x4000_0000;

/** A stretch of syscall numbers with one rule; it reaches to the next one's start. */
type Span = { readonly from: number; readonly rule: SyscallRule };

/** The filter for one architecture: another architecture is killed, unknown and x32 numbers do not exist, the rest by policy. */
export function compileFilter(arch: FilterArch): readonly Instruction[] {
  const { audit, syscalls } = ARCHITECTURES[arch];
  return [
    load(SECCOMP_DATA.arch),
    jump(BPF.jumpEqual, audit, 1, 0),
    end(SECCOMP_RETURN.killProcess),
    load(SECCOMP_DATA.number),
    jump(BPF.jumpGreaterEqual, X32, 0, 1),
    answer(ENOSYS),
    ...tree(makeSpans(syscalls)),
  ];
}

function makeSpans(syscalls: Readonly<Record<string, number>>): readonly Span[] {
  const byNumber = new Map(Object.entries(syscalls).map(([name, number]) => [number, decideSyscall(name)]));
  const last = Math.max(...byNumber.keys());
  const spans: Span[] = [];
  for (let number = 0; number <= last + 1; number++) {
    const rule = byNumber.get(number) ?? UNKNOWN_RULE;
    if (spans.at(-1)?.rule !== rule) spans.push({ from: number, rule });
  }
  return spans;
}

function tree(spans: readonly Span[]): readonly Instruction[] {
  const middle = spans.length >> 1;
  const split = spans[middle];
  if (split === undefined) throw new Error("a filter without syscalls");
  if (spans.length === 1) return leaf(split.rule);
  const below = tree(spans.slice(0, middle));
  return [jump(BPF.jumpGreaterEqual, split.from, below.length, 0), ...below, ...tree(spans.slice(middle))];
}

function leaf(rule: SyscallRule): readonly Instruction[] {
  return [...rule.cases.flatMap((one) => testAll(one.when, one.answer)), answer(rule.otherwise)];
}

function testAll(tests: readonly ArgumentTest[], then: SyscallAnswer): readonly Instruction[] {
  let code: readonly Instruction[] = [answer(then)];
  for (const test of tests.toReversed()) {
    const compare =
      test.kind === "equals"
        ? jump(BPF.jumpEqual, test.value, 0, code.length)
        : jump(BPF.jumpSet, test.bits, 0, code.length);
    const half = test.kind === "any-bit" && test.half === "high" ? SECCOMP_DATA.highHalf : 0;
    code = [load(SECCOMP_DATA.argument(test.argument) + half), compare, ...code];
  }
  return code;
}

const load = (k: number): Instruction => ({ code: BPF.load, jt: 0, jf: 0, k });
const end = (k: number): Instruction => ({ code: BPF.return, jt: 0, jf: 0, k });

function answer(what: SyscallAnswer): Instruction {
  return end(what.kind === "allow" ? SECCOMP_RETURN.allow : SECCOMP_RETURN.errno + what.errno);
}

function jump(code: number, k: number, jt: number, jf: number): Instruction {
  if (jt > 255 || jf > 255) throw new Error("the filter has grown beyond what one jump can reach");
  return { code, jt, jf, k };
}

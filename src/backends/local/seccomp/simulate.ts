import { BPF, type Instruction, SECCOMP_DATA } from "./bpf.ts";

/** A syscall as a filter sees it. */
export type Call = { readonly arch: number; readonly number: number; readonly arguments: readonly bigint[] };

/** What the kernel would get back from a filter for one call; throws where the kernel would refuse the filter. */
export function simulateFilter(program: readonly Instruction[], call: Call): number {
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const instruction = program[at];
    if (instruction === undefined) throw new Error(`the filter runs past its end at ${at}`);
    const { code, k, jt, jf } = instruction;
    if (code === BPF.return) return k;
    if (code === BPF.load) accumulator = readData(call, k);
    else if (code === BPF.jumpEqual) at += accumulator === k ? jt : jf;
    else if (code === BPF.jumpGreaterEqual) at += accumulator >= k ? jt : jf;
    else if (code === BPF.jumpSet) at += (accumulator & k) !== 0 ? jt : jf;
    else throw new Error(`unknown instruction ${code} at ${at}`);
  }
}

function readData(call: Call, offset: number): number {
  if (offset === SECCOMP_DATA.number) return call.number >>> 0;
  if (offset === SECCOMP_DATA.arch) return call.arch >>> 0;
  const inside = offset - SECCOMP_DATA.argument(0);
  const index = Math.floor(inside / 8);
  const isHigh = inside % 8 === SECCOMP_DATA.highHalf;
  if ((inside % 8 !== 0 && !isHigh) || index < 0 || index > 5) throw new Error(`a load outside the data at ${offset}`);
  return Number(BigInt.asUintN(32, (call.arguments[index] ?? 0n) >> (isHigh ? 32n : 0n)));
}

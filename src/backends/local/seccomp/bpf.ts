/** One instruction of classic BPF (`struct sock_filter`). */
export type Instruction = {
  readonly code: number;
  /** Instructions to skip when a test holds */
  readonly jt: number;
  /** Instructions to skip when it does not */
  readonly jf: number;
  readonly k: number;
};

/** Instruction codes that the filter uses (`linux/filter.h`). */
export const BPF = {
  /** Loads 32 bits of `struct seccomp_data` at offset `k` */
  load: 0x20,
  /** Accumulator equal to `k` */
  jumpEqual: 0x15,
  /** Accumulator greater than or equal to `k`, unsigned */
  jumpGreaterEqual: 0x35,
  /** Any bit of `k` set in the accumulator */
  jumpSet: 0x45,
  /** Ends with `k` */
  return: 0x06,
} as const;

/** Where the parts of `struct seccomp_data` lie; both architectures are little-endian. */
export const SECCOMP_DATA = { number: 0, arch: 4, argument: (index: number) => 16 + 8 * index, highHalf: 4 } as const;

/** What a filter returns (`linux/seccomp.h`). */
export const SECCOMP_RETURN = { killProcess: 0x8000_0000, errno: 0x0005_0000, allow: 0x7fff_0000 } as const;

const INSTRUCTION_BYTES = 8;

/** The bytes that bubblewrap reads for `--seccomp`. */
export function renderInstructions(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * INSTRUCTION_BYTES);
  program.forEach((instruction, index) => {
    const at = index * INSTRUCTION_BYTES;
    bytes.writeUInt16LE(instruction.code, at);
    bytes.writeUInt8(instruction.jt, at + 2);
    bytes.writeUInt8(instruction.jf, at + 3);
    bytes.writeUInt32LE(instruction.k, at + 4);
  });
  return bytes;
}

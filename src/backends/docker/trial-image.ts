/** Machine code that ends with 0 and does nothing else, and the number of its machine. */
const PROGRAMS: Readonly<Record<string, { readonly machine: number; readonly code: readonly number[] }>> = {
  // mov eax, 60; xor edi, edi; syscall
  x64: { machine: 0x3e, code: [0xb8, 0x3c, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05] },
  // mov x8, #93; mov x0, #0; svc #0
  arm64: { machine: 0xb7, code: [0xa8, 0x0b, 0x80, 0xd2, 0, 0, 0x80, 0xd2, 1, 0, 0, 0xd4] },
};

const HEADS = 64 + 56;
const ADDRESS = 0x400000;

/** An archive with one program, `trial`, that needs nothing around it; undefined for a machine that has none. */
export function renderTrialImage(arch: NodeJS.Architecture): Buffer | undefined {
  const program = PROGRAMS[arch];
  if (program === undefined) return undefined;
  const elf = renderElf(program.machine, Buffer.from(program.code));
  const head = Buffer.alloc(512);
  head.write("trial", 0);
  head.write("0000755\0", 100);
  head.write("0000000\0", 108);
  head.write("0000000\0", 116);
  head.write(`${elf.length.toString(8).padStart(11, "0")}\0`, 124);
  head.write("00000000000\0", 136);
  head.write("        ", 148);
  head.write("0", 156);
  head.write("ustar\x0000", 257);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const padding = Buffer.alloc((512 - (elf.length % 512)) % 512);
  return Buffer.concat([head, elf, padding, Buffer.alloc(1024)]);
}

/** One segment that is loaded as it lies in the file. */
function renderElf(machine: number, code: Buffer): Buffer {
  const head = Buffer.alloc(HEADS);
  head.write("\x7fELF\x02\x01\x01", 0, "latin1");
  head.writeUInt16LE(2, 16); // a program
  head.writeUInt16LE(machine, 18);
  head.writeUInt32LE(1, 20);
  head.writeBigUInt64LE(BigInt(ADDRESS + HEADS), 24); // where it begins
  head.writeBigUInt64LE(64n, 32); // where the segments are told
  head.writeUInt16LE(64, 52);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(1, 56);
  head.writeUInt32LE(1, 64); // to be loaded
  head.writeUInt32LE(5, 68); // to be read and executed
  head.writeBigUInt64LE(BigInt(ADDRESS), 80);
  head.writeBigUInt64LE(BigInt(ADDRESS), 88);
  head.writeBigUInt64LE(BigInt(HEADS + code.length), 96);
  head.writeBigUInt64LE(BigInt(HEADS + code.length), 104);
  head.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([head, code]);
}

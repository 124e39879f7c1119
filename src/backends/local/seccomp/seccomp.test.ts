import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BPF, renderInstructions, SECCOMP_RETURN } from "./bpf.ts";
import { ARCHITECTURES, compileFilter, type FilterArch } from "./compile.ts";
import { simulateFilter } from "./simulate.ts";

const ALLOW = SECCOMP_RETURN.allow;
/** The caller is told that it worked */
const NOTHING_DONE = SECCOMP_RETURN.errno;
const errno = (number: number) => SECCOMP_RETURN.errno + number;
const EPERM = errno(1);
const ENOSYS = errno(38);
const EAFNOSUPPORT = errno(97);

/** Written out a second time on purpose: a name that drops out of the policy must fail here. */
const REFUSED = new Set(
  `unshare setns mount umount2 pivot_root chroot move_mount open_tree mount_setattr fsopen fsconfig fsmount fspick
  ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp keyctl add_key request_key
  bpf perf_event_open userfaultfd lookup_dcookie modify_ldt uselib fanotify_init fanotify_mark name_to_handle_at
  open_by_handle_at kexec_load kexec_file_load init_module finit_module delete_module create_module query_module
  get_kernel_syms syslog reboot swapon swapoff acct quotactl quotactl_fd settimeofday clock_settime clock_adjtime
  adjtimex iopl ioperm nfsservctl vhangup sethostname setdomainname _sysctl sysfs ustat mbind move_pages
  migrate_pages set_mempolicy get_mempolicy set_mempolicy_home_node`.split(/\s+/),
);
const MISSING = new Set(["clone3", "io_uring_setup", "io_uring_enter", "io_uring_register"]);
/** With all arguments zero: family 0 is no socket family. */
const BY_ARGUMENT = new Set(["socket", "socketpair"]);

describe.each(["x64", "arm64"] as const satisfies readonly FilterArch[])("the filter for %s", (arch) => {
  const { audit, syscalls } = ARCHITECTURES[arch];
  const program = compileFilter(arch);
  const ask = (number: number, ...args: bigint[]) => simulateFilter(program, { arch: audit, number, arguments: args });
  const call = (name: string, ...args: bigint[]) => ask(syscalls[name] ?? Number.NaN, ...args);

  test.each(Object.entries(syscalls))("answers %s", (name, number) => {
    const expected = REFUSED.has(name)
      ? EPERM
      : MISSING.has(name)
        ? ENOSYS
        : BY_ARGUMENT.has(name)
          ? EAFNOSUPPORT
          : ALLOW;
    expect(ask(number)).toBe(expected);
  });

  test("knows a whole table", () => {
    expect(Object.keys(syscalls).length).toBeGreaterThan(300);
    for (const name of ["read", "execve", "clone", "clone3", "ioctl", "socket", "mount", "bpf", "personality"]) {
      expect(syscalls).toHaveProperty(name);
    }
    expect(new Set(Object.values(syscalls)).size).toBe(Object.keys(syscalls).length);
  });

  test("kills a call of another architecture, whatever its number", () => {
    const i386 = 0x4000_0003;
    for (const number of [0, 1, 59, 165, 0xffff_ffff]) {
      expect(simulateFilter(program, { arch: i386, number, arguments: [] })).toBe(SECCOMP_RETURN.killProcess);
    }
  });

  test("does not know numbers outside the table", () => {
    const known = new Set(Object.values(syscalls));
    for (let number = 0; number < 1024; number++) if (!known.has(number)) expect(ask(number)).toBe(ENOSYS);
    for (const number of [0x4000_0000, 0x4000_0000 + 59, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
      expect(ask(number)).toBe(ENOSYS);
    }
  });

  test.each([
    ["a plain fork", 17n, ALLOW],
    ["a thread", 0x003d_0f00n, ALLOW],
    ["a new mount namespace", 0x0002_0000n, EPERM],
    ["a new cgroup namespace", 0x0200_0000n, EPERM],
    ["a new uts namespace", 0x0400_0000n, EPERM],
    ["a new ipc namespace", 0x0800_0000n, EPERM],
    ["a new user namespace", 0x1000_0000n, EPERM],
    ["a new pid namespace", 0x2000_0000n, EPERM],
    ["a new net namespace", 0x4000_0011n, EPERM],
    ["a new user namespace under high bits", 0xdead_0000_1000_0000n, EPERM],
  ])("answers clone for %s", (_what, flags, expected) => {
    expect(call("clone", flags)).toBe(expected);
  });

  test.each([
    ["TCGETS", 0x5401n, ALLOW],
    ["TIOCSPGRP", 0x5410n, ALLOW],
    ["TIOCSTI", 0x5412n, EPERM],
    ["TIOCSTI with high bits", 0x1_0000_5412n, EPERM],
    ["TIOCSTI with all high bits", 0xffff_ffff_0000_5412n, EPERM],
    ["TIOCLINUX", 0x541cn, EPERM],
    ["TIOCSETD, which loads line disciplines", 0x5423n, EPERM],
    ["TIOCGETD", 0x5424n, ALLOW],
    ["TIOCLINUX with high bits", 0x8000_0000_0000_541cn, EPERM],
  ])("answers ioctl for %s", (_what, request, expected) => {
    expect(call("ioctl", 0n, request)).toBe(expected);
  });

  test("allows four socket families and no other", () => {
    for (let family = 0n; family < 64n; family++) {
      const expected = [1n, 2n, 10n].includes(family) ? ALLOW : family === 16n ? ALLOW : EAFNOSUPPORT;
      expect(call("socket", family, 1n, 0n)).toBe(expected);
      expect(call("socketpair", family, 1n, 0n)).toBe(family === 1n ? ALLOW : EAFNOSUPPORT);
    }
    for (let protocol = 1n; protocol < 32n; protocol++) expect(call("socket", 16n, 3n, protocol)).toBe(EAFNOSUPPORT);
  });

  test("allows TCP and UDP of the internet's families, and no protocol that the kernel would load a module for", () => {
    const [EPROTONOSUPPORT, ESOCKTNOSUPPORT] = [SECCOMP_RETURN.errno + 93, SECCOMP_RETURN.errno + 94];
    const [STREAM, DATAGRAM, RAW] = [1n, 2n, 3n];
    for (const family of [2n, 10n]) {
      for (const flags of [0n, 0o2000000n, 0o4000n, 0o2004000n]) {
        for (const protocol of [0n, 6n]) expect(call("socket", family, STREAM + flags, protocol)).toBe(ALLOW);
        for (const protocol of [0n, 17n]) expect(call("socket", family, DATAGRAM + flags, protocol)).toBe(ALLOW);
        for (const protocol of [1n, 33n, 58n, 115n, 132n, 136n, 262n, 0xffff_ffffn]) {
          for (const type of [STREAM, DATAGRAM])
            expect(call("socket", family, type + flags, protocol)).toBe(EPROTONOSUPPORT);
        }
        for (const protocol of [0n, 1n, 6n, 255n]) expect(call("socket", family, RAW + flags, protocol)).toBe(EPERM);
        for (const type of [4n, 5n, 6n, 10n]) expect(call("socket", family, type + flags, 0n)).toBe(ESOCKTNOSUPPORT);
      }
    }
    for (const type of [1n, 2n, 5n]) expect(call("socket", 1n, type, 0n)).toBe(ALLOW);
  });

  test("allows the usual personalities and no other", () => {
    for (const value of [0n, 8n, 0x4_0000n, 0x2_0000n, 0x2_0008n, 0xffff_ffffn]) {
      expect(call("personality", value)).toBe(ALLOW);
    }
    for (const value of [1n, 4n, 0x0010_0000n, 0x0040_0000n]) expect(call("personality", value)).toBe(EPERM);
  });

  test.each([
    ["prlimit64 that reads", "prlimit64", [0n, 4n, 0n, 0x7f00n], ALLOW],
    ["prlimit64 that sets", "prlimit64", [0n, 4n, 0x7ffc_0000_1000n, 0n], NOTHING_DONE],
    ["prlimit64 from an address with low bits zero", "prlimit64", [1n, 4n, 0x1_0000_0000n, 0n], NOTHING_DONE],
    ["prlimit64 from an address with high bits zero", "prlimit64", [1n, 4n, 0x1000n, 0n], NOTHING_DONE],
    ["prlimit64 with high bits", "prlimit64", [0n, 0xdead_0000_0004n, 0x1000n, 0n], NOTHING_DONE],
    ["prlimit64 of another limit", "prlimit64", [0n, 7n, 0x1000n, 0n], ALLOW],
    ["setrlimit", "setrlimit", [4n, 0x1000n], NOTHING_DONE],
    ["setrlimit with high bits", "setrlimit", [0x1_0000_0004n, 0x1000n], NOTHING_DONE],
    ["setrlimit of another limit", "setrlimit", [7n, 0x1000n], ALLOW],
    ["getrlimit", "getrlimit", [4n, 0x1000n], ALLOW],
  ])("keeps the limit of cores from %s", (_what, name, args, expected) => {
    expect(call(name, ...args)).toBe(expected);
  });

  test("never reads outside the data and always ends", () => {
    const value = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
    fc.assert(
      fc.property(fc.nat({ max: 0xffff_ffff }), fc.array(value, { maxLength: 6 }), (number, args) => {
        const result = ask(number, ...args);
        return result === ALLOW || (result & 0xffff_0000) === SECCOMP_RETURN.errno;
      }),
    );
  });

  test("looks at the low 32 bits of an argument only", () => {
    const half = fc.bigInt({ min: 0n, max: 0xffff_ffffn });
    const name = fc.constantFrom("clone", "ioctl", "socket", "socketpair", "personality");
    fc.assert(
      fc.property(name, half, half, half, half, (which, a, b, c, high) => {
        const low = call(which, a, b, c);
        return call(which, a + (high << 32n), b + (high << 32n), c + (high << 32n)) === low;
      }),
    );
  });

  test("renders eight bytes for each instruction", () => {
    const bytes = renderInstructions(program);
    expect(bytes.length).toBe(program.length * 8);
    expect(bytes.readUInt16LE(0)).toBe(BPF.load);
    expect(bytes.readUInt32LE(4)).toBe(4);
    expect(program.length).toBeLessThan(4096);
  });
});

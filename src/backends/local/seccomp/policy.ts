/** What the kernel answers to a syscall from inside a bottle. */
export type SyscallAnswer = { readonly kind: "allow" } | { readonly kind: "errno"; readonly errno: number };

/** A test on 32 bits of one argument, the low ones unless said: equal to a value, or any of some bits set. */
export type ArgumentTest =
  | { readonly kind: "equals"; readonly argument: number; readonly value: number }
  | { readonly kind: "any-bit"; readonly argument: number; readonly bits: number; readonly half?: "high" };

/** What happens to one syscall: the first case whose tests all hold decides, else `otherwise`. */
export type SyscallRule = {
  readonly cases: readonly { readonly when: readonly ArgumentTest[]; readonly answer: SyscallAnswer }[];
  readonly otherwise: SyscallAnswer;
};

const EPERM: SyscallAnswer = { kind: "errno", errno: 1 };
const EPROTONOSUPPORT: SyscallAnswer = { kind: "errno", errno: 93 };
const ESOCKTNOSUPPORT: SyscallAnswer = { kind: "errno", errno: 94 };
const EAFNOSUPPORT: SyscallAnswer = { kind: "errno", errno: 97 };
const ALLOW: SyscallAnswer = { kind: "allow" };

/** What programs must read as "this kernel does not have it", so that they fall back to an older call. */
export const ENOSYS: SyscallAnswer = { kind: "errno", errno: 38 };

/** Syscalls that no program in a bottle needs and that have opened ways out before; answered `EPERM`. */
const DENIED: ReadonlySet<string> = new Set([
  // other namespaces, other roots
  ...["unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "mount_setattr"],
  ...["fsopen", "fsconfig", "fsmount", "fspick"],
  // other processes
  ...["ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp"],
  // the kernel's key store, which is not divided by namespace
  ...["keyctl", "add_key", "request_key"],
  // large kernel interfaces with a history
  ...["bpf", "perf_event_open", "userfaultfd", "lookup_dcookie", "modify_ldt", "uselib"],
  ...["fanotify_init", "fanotify_mark", "name_to_handle_at", "open_by_handle_at"],
  // the machine itself
  ...["kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "create_module"],
  ...["query_module", "get_kernel_syms", "syslog", "reboot", "swapon", "swapoff", "acct", "quotactl", "quotactl_fd"],
  ...["settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "iopl", "ioperm", "nfsservctl", "vhangup"],
  ...["sethostname", "setdomainname", "_sysctl", "sysfs", "ustat"],
  // placement of memory across the machine
  ...["mbind", "move_pages", "migrate_pages", "set_mempolicy", "get_mempolicy", "set_mempolicy_home_node"],
]);

/** `clone3` hides its flags behind a pointer no filter can follow; io_uring does syscalls no filter sees. */
const ABSENT: ReadonlySet<string> = new Set(["clone3", "io_uring_setup", "io_uring_enter", "io_uring_register"]);

/** Every `CLONE_NEW…` flag that `clone` understands. */
const NEW_NAMESPACE = 0x7e02_0000;
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
const TIOCSETD = 0x5423;
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;
const NETLINK_ROUTE = 0;

/** Told that it worked, although nothing was done. */
const PRETENDED: SyscallAnswer = { kind: "errno", errno: 0 };
const RLIMIT_CORE = 4;

/** Execution domains that glibc and debuggers ask for: plain, without address randomisation, 32-bit names, a query. */
const PERSONALITIES = [0, 0x0004_0000, 0x0000_0008, 0x0002_0000, 0x0002_0008, 0xffff_ffff];

const equals = (argument: number, value: number): ArgumentTest => ({ kind: "equals", argument, value });

const isPointer = (argument: number, half: "high" | undefined): ArgumentTest => {
  return { kind: "any-bit", argument, bits: 0xffff_ffff, ...(half === undefined ? {} : { half }) };
};

/** TCP and UDP. For every other protocol and type the kernel would load a module, and such modules are little tried. */
function internetCases(family: number): SyscallRule["cases"] {
  const of = (...tests: readonly ArgumentTest[]) => [equals(0, family), ...tests];
  const typeHas = (bits: number): ArgumentTest => ({ kind: "any-bit", argument: 1, bits });
  return [
    { when: of(typeHas(0b1100)), answer: ESOCKTNOSUPPORT }, // 1 is a stream, 2 are datagrams, 3 is raw
    { when: of(typeHas(0b01), typeHas(0b10)), answer: EPERM },
    ...[0, IPPROTO_TCP, IPPROTO_UDP].map((protocol) => ({ when: of(equals(2, protocol)), answer: ALLOW })),
    { when: of(), answer: EPROTONOSUPPORT },
  ];
}

const BY_ARGUMENT: ReadonlyMap<string, SyscallRule> = new Map([
  [
    "clone",
    { cases: [{ when: [{ kind: "any-bit", argument: 0, bits: NEW_NAMESPACE }], answer: EPERM }], otherwise: ALLOW },
  ],
  [
    // the kernel looks at the low 32 bits only, and so do these tests
    "ioctl",
    {
      cases: [TIOCSTI, TIOCLINUX, TIOCSETD].map((value) => ({ when: [equals(1, value)], answer: EPERM })),
      otherwise: ALLOW,
    },
  ],
  [
    "socket",
    {
      cases: [
        { when: [equals(0, AF_UNIX)], answer: ALLOW },
        ...[AF_INET, AF_INET6].flatMap(internetCases),
        { when: [equals(0, AF_NETLINK), equals(2, NETLINK_ROUTE)], answer: ALLOW }, // getifaddrs needs it
      ],
      otherwise: EAFNOSUPPORT,
    },
  ],
  // A process of a bottle that crashes is given to no handler of the host only while this limit is exactly 1. Programs that
  // keep secrets (gpg, ssh-agent) set it to 0 and end if they cannot.
  ["setrlimit", { cases: [{ when: [equals(0, RLIMIT_CORE)], answer: PRETENDED }], otherwise: ALLOW }],
  [
    "prlimit64",
    {
      cases: [undefined, "high" as const].map((half) => ({
        when: [equals(1, RLIMIT_CORE), isPointer(2, half)],
        answer: PRETENDED,
      })),
      otherwise: ALLOW,
    },
  ],
  ["socketpair", { cases: [{ when: [equals(0, AF_UNIX)], answer: ALLOW }], otherwise: EAFNOSUPPORT }],
  [
    "personality",
    { cases: PERSONALITIES.map((value) => ({ when: [equals(0, value)], answer: ALLOW })), otherwise: EPERM },
  ],
]);

const rule = (answer: SyscallAnswer): SyscallRule => ({ cases: [], otherwise: answer });
const DENY_RULE = rule(EPERM);
const ABSENT_RULE = rule(ENOSYS);
const ALLOW_RULE = rule(ALLOW);

/** The rule for a syscall by name; the same object for the same rule. */
export function decideSyscall(name: string): SyscallRule {
  if (DENIED.has(name)) return DENY_RULE;
  if (ABSENT.has(name)) return ABSENT_RULE;
  return BY_ARGUMENT.get(name) ?? ALLOW_RULE;
}

/** The rule for a number that stands in no table. */
export const UNKNOWN_RULE: SyscallRule = ABSENT_RULE;

import { expect, test } from "vitest";
import { attack, ERRNO } from "../fixtures/attack.ts";
import { WHO } from "../fixtures/local-bottle.ts";

test(`as ${WHO}: large and machine-wide interfaces of the kernel are closed`, async () => {
  const results = await attack();
  const denied = `bpf perf-event-open userfaultfd fanotify-init open-by-handle-at name-to-handle-at kexec-load
    kexec-file-load init-module finit-module delete-module syslog reboot swapon acct quotactl settimeofday clock-settime
    sethostname personality`.split(/\s+/);
  for (const name of denied) expect([name, results.get(name)]).toEqual([name, ERRNO.EPERM]);
  const missing = ["io-uring-setup", "io-uring-enter", "io-uring-register", "x32-getpid", "unknown-syscall"];
  for (const name of missing) expect([name, results.get(name)]).toEqual([name, ERRNO.ENOSYS]);
  expect([ERRNO.EPERM, "absent"]).toContain(results.get("iopl")); // arm64 has none
});

import { expect, test } from "vitest";
import { attack, ERRNO } from "../fixtures/attack.ts";
import { WHO } from "../fixtures/local-bottle.ts";

test(`as ${WHO}: a bottle cannot trace processes, take their descriptors or use the kernel's keys`, async () => {
  const results = await attack();
  const names = `ptrace-traceme ptrace-attach process-vm-readv process-vm-writev pidfd-getfd kcmp keyctl add-key
    request-key`.split(/\s+/);
  for (const name of names) expect([name, results.get(name)]).toEqual([name, ERRNO.EPERM]);
});

import { expect, test } from "vitest";
import { attack, ERRNO } from "../fixtures/attack.ts";
import { WHO } from "../fixtures/local-bottle.ts";

test(`as ${WHO}: a bottle cannot mount, unmount or change its root`, async () => {
  const results = await attack();
  const names = `mount-tmpfs mount-proc mount-bind remount-usr remount-proc-sys umount-proc-sys pivot-root chroot fsopen
    fspick fsmount fsconfig open-tree move-mount mount-setattr`.split(/\s+/);
  expect(Object.fromEntries(names.map((name) => [name, results.get(name)]))).toEqual(
    Object.fromEntries(names.map((name) => [name, ERRNO.EPERM])),
  );
});

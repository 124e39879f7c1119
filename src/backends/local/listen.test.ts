import { connect } from "node:net";
import { expect, test } from "vitest";
import { openHolder } from "./holder.ts";
import { closeListeners } from "./listen.ts";

const env = { PATH: "/usr/bin:/bin" };

test("sockets that another process made are ours when it has ended", async () => {
  const script = `const net = require("node:net"), sent = [];
    (function next(left) {
      if (left === 0) process.exit(0);
      const server = net.createServer().listen(0, "127.0.0.1", () => process.send({}, server, () => next(left - 1)));
    })(2);`;
  const hold = ["/bin/sh", "-c", 'echo $$; "$@" & exec cat 3>&-', "sh", process.execPath, "-e", script] as const;
  const { listeners, close } = await openHolder(hold, env, ["egress", "git"]);
  expect(Object.keys(listeners)).toEqual(["egress", "git"]);
  for (const listener of Object.values(listeners)) {
    listener.on("connection", (socket) => socket.end("hello"));
    const address = listener.address();
    if (typeof address !== "object" || address === null) throw new Error("no address");
    const answer = await new Promise((resolve) =>
      connect(address.port, address.address).once("data", (data) => resolve(String(data))),
    );
    expect(answer).toBe("hello");
  }
  await closeListeners(listeners);
  await closeListeners(listeners);
  expect(Object.values(listeners).map((listener) => listener.listening)).toEqual([false, false]);
  await close();
});

test.each([
  ["that fails", "echo 'address in use' >&2; exit 1", "address in use"],
  ["that says nothing", "exit 0", "without a word"],
  ["that sends too few", `exec '${process.execPath}' -e 'process.disconnect()'`, "without a word"],
])("a helper %s stops the launch", async (_what, helper, why) => {
  const hold = ["/bin/sh", "-c", 'echo $$; sh -c "$0" & exec cat 3>&-', helper] as const;
  const failed = openHolder(hold, env, ["egress"]);
  await expect(failed).rejects.toMatchObject({ code: "launch/failed", message: expect.stringContaining(why) });
});

test("a holder that ends at once stops the launch, with what it said", async () => {
  const failed = openHolder(["/bin/sh", "-c", "echo 'no namespaces' >&2; exit 1"], env, ["egress"]);
  await expect(failed).rejects.toMatchObject({ message: expect.stringContaining("no namespaces") });
  const missing = openHolder(["/nonexistent/program"], env, ["egress"]);
  await expect(missing).rejects.toMatchObject({ code: "launch/failed" });
});

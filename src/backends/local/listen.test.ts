import { connect } from "node:net";
import { expect, test } from "vitest";
import { closeListeners, openListeners } from "./listen.ts";

const env = { PATH: "/usr/bin:/bin" };

test("sockets that another process made are ours when it has ended", async () => {
  const script = `const net = require("node:net"), sent = [];
    (function next(left) {
      if (left === 0) process.exit(0);
      const server = net.createServer().listen(0, "127.0.0.1", () => process.send({}, server, () => next(left - 1)));
    })(2);`;
  const listeners = await openListeners([process.execPath, "-e", script], ["egress", "git"], env);
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
});

test.each([
  ["that fails", ["/bin/sh", "-c", "echo 'address in use' >&2; exit 1"], "address in use"],
  ["that says nothing", ["/bin/sh", "-c", "exit 0"], "without a word"],
  ["that does not exist", ["/nonexistent/program"], "without a word"],
  ["that sends too few", [process.execPath, "-e", "process.disconnect()"], "without a word"],
] as const)("a helper %s stops the launch", async (_what, chain, why) => {
  const failed = openListeners(chain, ["egress"], env);
  await expect(failed).rejects.toMatchObject({ code: "launch/failed", message: expect.stringContaining(why) });
});

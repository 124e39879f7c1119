import { createServer } from "node:net";
import { expect, test } from "vitest";
import { findOtherWays } from "./find-other-ways.ts";

// This process is not sealed: what the function tells of it is what it must not tell of a bottle.

test("a service of the host's own loopback, and the host under its other addresses, are told", async () => {
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const ways = await findOtherWays([port], { port, hosts: ["127.0.0.2"] });
  expect(ways).toContain("the host's own loopback, at 127.0.0.1");
  expect(ways).toContain("127.0.0.2"); // refused there: it was reached
  expect(ways).not.toContain(`port ${port}`);
  server.close();
  expect(await findOtherWays([], { port, hosts: [] })).not.toContain("the host's own loopback, at 127.0.0.1");
});

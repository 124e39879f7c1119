import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type DoubleEnv,
  IS_REAL,
  makeArtifact,
  openMachineBottle,
  whyNoMachines,
} from "../fixtures/smolmachines-bottle.ts";

// On the double a bubblewrap sandbox stands for the VM: what is attacked here is what we ask smolvm for, and that a machine
// which is not sealed is not used. That a real VMM holds it is for BOTTLE_TEST_SMOLVM=1.

const why = whyNoMachines();
/** Dials every address at a port, and says which answered. */
const DIAL = `
const net = require("node:net"), os = require("node:os");
const [, hosts, ...ports] = process.argv;
const dial = (host, port) => new Promise((resolve) => {
  const socket = net.connect({ host, port: Number(port), timeout: 2000 }, () => { socket.destroy(); resolve([host + ":" + port]); });
  socket.on("error", () => resolve([])).on("timeout", () => { socket.destroy(); resolve([]); });
});
(async () => {
  const all = await Promise.all(hosts.split(",").flatMap((host) => ports.map((port) => dial(host, port))));
  console.log(JSON.stringify({ interfaces: Object.keys(os.networkInterfaces()), answered: all.flat() }));
  process.exit();
})();`;
const PATHS: readonly (readonly [string, DoubleEnv])[] = [
  ["with sockets", {}],
  ...(IS_REAL ? [] : [["without --mount-socket", { FAKE_SMOLVM_WITHOUT: "mount-socket" }] as const]),
];

describe.skipIf(why !== "")(`a machine has one way out${why && `: ${why}`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "bottle-one-way-"));
  const service = createServer((socket) => socket.end("reached"));
  let artifact: string;
  beforeAll(async () => {
    artifact = await makeArtifact(folder);
    await new Promise<void>((resolve) => service.listen({ host: "::", port: 0 }, () => resolve()));
  }, 120_000);
  afterAll(() => {
    service.close();
    rmSync(folder, { recursive: true, force: true });
  });

  describe.each(PATHS)("%s", (_name, double) => {
    test("only the ports of the link answer: no service, gateway, metadata or resolver", async () => {
      const address = service.address();
      const port = typeof address === "object" && address !== null ? String(address.port) : "";
      const bottle = await openMachineBottle({ artifact, files: {}, link: ["egress", "git"], double });
      try {
        for (const server of Object.values(bottle.guest.listeners)) server.on("connection", (one) => one.end("warden"));
        const own = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map((one) => one.address));
        const hosts = [...own, "100.96.0.1", "172.17.0.1", "169.254.169.254", "1.1.1.1", "127.0.0.53"].join();
        const dialled = await bottle.run(["node", "-e", DIAL, hosts, port, "22", "53", "80", "9099", "9420"]);
        expect(dialled.stderr).toBe("");
        const { interfaces, answered } = JSON.parse(dialled.stdout) as { interfaces: string[]; answered: string[] };
        expect(interfaces).toEqual(["lo"]);
        expect(answered.sort()).toEqual(["127.0.0.1:9099", "127.0.0.1:9420"]);
        const name = await bottle.run([
          "node",
          "-e",
          "require('dns').lookup('secret.example.com', (e) => console.log(e.code))",
        ]);
        expect(name.stdout).toMatch(/EAI_AGAIN|ENOTFOUND/);
      } finally {
        await bottle.close();
      }
    }, 60_000);

    test.skipIf(IS_REAL)(
      "smolvm is asked for no network of any kind",
      async () => {
        const bottle = await openMachineBottle({ artifact, files: {}, link: ["egress"], double });
        const calls = readFileSync(join(bottle.folder, "smolvm/calls.jsonl"), "utf8").trim().split("\n");
        const words = calls.flatMap((line) => (JSON.parse(line) as { argv: string[] }).argv);
        await bottle.close();
        expect(words).toContain("create");
        const asked = words.filter((word) =>
          /^(--net|--network|--net-backend|--dns|--allow|--outbound|--port|-p|--expose|--ssh|--docker)/.test(word),
        );
        expect(asked).toEqual([]);
      },
      60_000,
    );

    test.skipIf(IS_REAL).each([
      ["the network of the host", "network", /network interface/],
      ["another port on its loopback", "127.0.0.1:5055", /port 5055/],
      ["an address of the world", "192.0.2.1:80", /192\.0\.2\.1/],
      ["the metadata of a cloud", "169.254.169.254:80", /169\.254\.169\.254/],
    ])(
      "where %s answers inside nothing is started, and the machine is gone",
      async (_what, leak, said) => {
        const started = openMachineBottle({
          ...{ artifact, files: {}, link: ["egress"], double: { ...double, FAKE_SMOLVM_LEAK: leak } },
          onFailed: (folder) => {
            expect(JSON.parse(readFileSync(join(folder, "smolvm/state.json"), "utf8"))).toMatchObject({ machines: [] });
            const calls = readFileSync(join(folder, "smolvm/calls.jsonl"), "utf8");
            expect(calls).not.toContain("BOTTLE_COMMAND");
          },
        });
        await expect(started).rejects.toMatchObject({ code: "launch/failed", message: expect.stringMatching(said) });
        await expect(started).rejects.toThrow("this also answers inside");
      },
      60_000,
    );
  });
});

import { createSocket, type Socket } from "node:dgram";
import { readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findBaseImage, openDockerBottle } from "../fixtures/docker-bottle.ts";
import type { TestBottle } from "../fixtures/local-bottle.ts";

const { id, why } = findBaseImage();

/** Dials every address, and asks every resolver that a program could think of. */
const DIAL = `
const net = require("node:net"), dgram = require("node:dgram"), dns = require("node:dns"), os = require("node:os");
const [, hosts, port] = process.argv;
const dial = (host) => new Promise((resolve) => {
  const socket = net.connect({ host, port: Number(port), timeout: 2000 }, () => resolve("connected"));
  socket.on("error", (error) => resolve(error.code)).on("timeout", () => { socket.destroy(); resolve("timeout"); });
});
const ask = (host) => new Promise((resolve) => {
  const socket = dgram.createSocket(host.includes(":") ? "udp6" : "udp4").on("error", (error) => resolve(error.code));
  socket.send("secret.example.com", 53, host, (error) => setTimeout(() => resolve(error ? error.code : "sent"), 200));
});
(async () => {
  const all = hosts.split(",");
  const dialled = await Promise.all(all.map(dial));
  const asked = await Promise.all([...all, "127.0.0.11", "127.0.0.53"].map(ask));
  const name = await dns.promises.lookup("secret.example.com").then(() => "resolved", (error) => error.code);
  console.log(JSON.stringify({ interfaces: Object.keys(os.networkInterfaces()), dialled: [...new Set(dialled)], asked: [...new Set(asked)], name }));
  process.exit();
})();`;

const NAMES = `
const fs = require("node:fs"), dns = require("node:dns"), os = require("node:os");
const find = (name) => dns.promises.lookup(name, { family: 4 }).then(({ address }) => address, ({ code }) => code);
(async () => {
  const [localhost, itself] = [await find("localhost"), await find(os.hostname())];
  const [network, servers] = [fs.readlinkSync("/proc/self/ns/net"), fs.readFileSync("/etc/resolv.conf", "utf8")];
  console.log(JSON.stringify({ network, localhost, itself, servers }));
})();`;

describe.skipIf(id === undefined)(`a container has no network and no privileges${why && `: ${why}`}`, () => {
  let bottle: TestBottle;
  let resolver: Socket;
  const heard: string[] = [];
  const service = createServer((socket) => socket.end("reached"));
  beforeAll(async () => {
    await new Promise<void>((resolve) => service.listen({ host: "::", port: 0 }, () => resolve()));
    // stands as a resolver of the machine: whatever is asked anywhere here comes to it
    resolver = createSocket("udp4").on("message", (message) => void heard.push(message.toString("latin1")));
    await new Promise<void>((resolve) => resolver.once("error", () => resolve()).bind(53, "0.0.0.0", () => resolve()));
    bottle = await openDockerBottle({ link: ["egress"], files: { file: "text" }, limits: { pids: 64 } });
  });
  afterAll(async () => {
    await bottle?.close();
    service.close();
    resolver.close();
  });

  test("no service of this machine, gateway, metadata, resolver or address of the world answers", async () => {
    const own = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
    const hosts = [
      ...own.filter((address) => !address.startsWith("127.") && address !== "::1"),
      ...[
        "172.17.0.1",
        "172.18.0.1",
        "10.0.2.2",
        "169.254.169.254",
        "192.0.2.1",
        "1.1.1.1",
        "fd00::1",
        "2606:4700:4700::1111",
      ],
    ];
    const address = service.address();
    const port = typeof address === "object" && address !== null ? String(address.port) : "";
    const { stdout, stderr } = await bottle.run(["node", "-e", DIAL, hosts.join(","), port]);
    expect(stderr).toBe("");
    const seen = JSON.parse(stdout);
    expect(seen.interfaces).toEqual(["lo"]);
    // all of them say that there is no way, the last two of addresses that only a network card could have
    expect(["ENETUNREACH", "EADDRNOTAVAIL", "EINVAL"]).toEqual(expect.arrayContaining(seen.dialled));
    expect(seen.name).toMatch(/^(EAI_AGAIN|ENOTFOUND)$/);
    expect(heard).toEqual([]);
    const loopback = await bottle.run(["node", "-e", DIAL, "127.0.0.1,::1,localhost", port]);
    expect(JSON.parse(loopback.stdout).dialled).not.toContain("connected");
  });

  test("the network is its own: it names its loopback and itself, and no name server of this machine", async () => {
    const { stdout, stderr } = await bottle.run(["node", "-e", NAMES]);
    expect(stderr).toBe("");
    const { network, localhost, itself, servers } = JSON.parse(stdout);
    expect(network).toMatch(/^net:\[\d+\]$/);
    expect(network).not.toBe(readlinkSync("/proc/self/ns/net"));
    expect({ localhost, itself, servers }).toEqual({ localhost: "127.0.0.1", itself: "127.0.0.1", servers: "" });
  });

  test("only the port of the link listens, and what is no socket of the link is not there", async () => {
    const { stdout } = await bottle.run(["cat", "/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"]);
    const listening = [...stdout.matchAll(/^ *\d+: [0-9A-F]+:([0-9A-F]{4}) \S+ 0A/gm)].map((match) =>
      Number.parseInt(match[1] ?? "", 16),
    );
    expect(listening).toEqual([9099]);
    const sockets = await bottle.run([
      "find",
      "/",
      "-xdev",
      "-type",
      "s",
      "-o",
      "-path",
      "/proc",
      "-prune",
      "-name",
      "x",
    ]);
    expect(sockets.stdout).not.toMatch(/docker|containerd|podman/);
    expect((await bottle.run(["ls", "/run/bottle"])).stdout).toBe("9099\nprobe\n");
    const changed = await bottle.run(["sh", "-c", "rm -f /run/bottle/9099 || touch /run/bottle/x || mkdir /run/other"]);
    expect(changed.exit).not.toEqual({ kind: "code", code: 0 });
  });

  test("no capability, no new privileges, a filter on every process, one user", async () => {
    const { stdout } = await bottle.run(["cat", "/proc/self/status", "/proc/1/status"]);
    const values = (name: string) =>
      [...stdout.matchAll(new RegExp(`^${name}:\\s+(\\S+)`, "gm"))].map((match) => match[1]);
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
      expect(values(set)).toEqual(["0000000000000000", "0000000000000000"]);
    }
    expect([values("NoNewPrivs"), values("Seccomp"), values("Uid")]).toEqual([
      ["1", "1"],
      ["2", "2"],
      ["1000", "1000"],
    ]);
    for (const argv of [
      ["su", "-c", "id", "root"],
      ["unshare", "-r", "id"],
      ["mount", "-t", "tmpfs", "x", "/tmp"],
      ["chroot", "/", "id"],
    ]) {
      expect((await bottle.run(argv).catch(() => ({ exit: "not there" }))).exit).not.toEqual({ kind: "code", code: 0 });
    }
  });

  test("only what is declared can be written, and no setting of the kernel", async () => {
    const script = `for d in / /etc /usr /usr/local/bin /var /opt /home /root /sys /proc/sys/kernel /run /dev/x; do
      touch $d/made 2>/dev/null && echo "wrote $d"; done
      for f in $(find /proc/sys -writable -type f 2>/dev/null | head -400); do (echo 1 >"$f") 2>/dev/null && echo "set $f"; done
      touch /tmp/a ~/b /home/node/workspace/c /dev/shm/d && echo fine`;
    expect((await bottle.run(["sh", "-c", script])).stdout).toBe("fine\n");
  });

  test("limits hold on processes and memory", async () => {
    const forks = await bottle.run([
      "sh",
      "-c",
      "for i in $(seq 200); do sleep 5 & done 2>&1 | head -1; ps -e | wc -l",
    ]);
    expect(Number(forks.stdout.trim().split("\n").at(-1) ?? 999)).toBeLessThan(64 + 24 + 8);
    const own = await openDockerBottle({ limits: { memoryBytes: 128 * 1024 * 1024 } });
    const hungry = await own.run(["node", "-e", "const a = []; for (;;) a.push(Buffer.alloc(1e7, 1))"]);
    expect(hungry.exit).toEqual({ kind: "signal", signal: "SIGKILL" });
    await own.close();
  });

  test("no other bottle, and nothing of this one, is in reach of another", async () => {
    const other = await openDockerBottle({ files: { theirs: "theirs" } });
    try {
      await bottle.run(["sh", "-c", "setsid sh -c 'while :; do sleep 1; done' >/dev/null 2>&1 &"]);
      const { stdout } = await other.run(["sh", "-c", "ps -eo args; ls ~/workspace /tmp"]);
      expect(stdout).not.toContain("while :");
      expect(stdout).not.toMatch(/^file$/m);
    } finally {
      await other.close();
    }
  });
});

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls, createSecureContext, type SecureContext } from "node:tls";

/** Where load goes. */
export type Target = {
  readonly host: string;
  readonly port: number;
  /** Port of the proxy on the loopback; undefined goes straight */
  readonly proxyPort: number | undefined;
  /** Certificate the client trusts, PEM */
  readonly ca: string;
};

/** What a run of load measured. */
export type Measured = {
  readonly perSecond: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly failures: number;
};

/** What is asked, and for how long. */
export type Load = {
  readonly connections: number;
  /** Whether a connection carries more than one request */
  readonly keepAlive: boolean;
  readonly ms: number;
  /** Bytes that are sent with each request; a `GET` without */
  readonly body?: Buffer;
  /** Requests a second over all connections, each counted from when it was due; as fast as answers come without */
  readonly rate?: number;
  /** Learns of each answer, counted from one; `true` ends the load */
  readonly onAnswer?: (count: number) => boolean;
};

/** Asks as fast as answers come, or at a fixed rate. */
export async function runLoad(target: Target, load: Load): Promise<Measured> {
  const { connections, keepAlive, ms, body, rate, onAnswer } = load;
  const context = createSecureContext({ ca: target.ca });
  const times: number[] = [];
  let deadline = performance.now() + ms;
  let failures = 0;
  const began = performance.now();
  const worker = async (_: unknown, index: number): Promise<void> => {
    let socket: Socket | undefined;
    for (let round = 0; performance.now() < deadline; round++) {
      const due = rate === undefined ? 0 : began + ((round * connections + index) / rate) * 1000;
      if (due > performance.now()) await sleep(due - performance.now());
      const started = rate === undefined ? performance.now() : due;
      try {
        socket ??= await open(target, context);
        await ask(socket, target, body);
        times.push(performance.now() - started);
        if (onAnswer?.(times.length) === true) deadline = 0;
      } catch {
        failures++;
        socket?.destroy();
        socket = undefined;
      }
      if (!keepAlive) {
        socket?.destroy();
        socket = undefined;
      }
    }
    socket?.destroy();
  };
  await Promise.all(Array.from({ length: connections }).map(worker));
  const took = performance.now() - began;
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN;
  return { perSecond: (times.length / took) * 1000, medianMs: at(0.5), p99Ms: at(0.99), failures };
}

async function open(target: Target, context: SecureContext): Promise<Socket> {
  const { host, port, proxyPort } = target;
  const socket = connect(proxyPort ?? port, "127.0.0.1");
  socket.setNoDelay(true);
  await once(socket, "connect");
  if (proxyPort !== undefined) {
    socket.write(`CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`);
    await answered(socket, "\r\n\r\n");
  }
  const tls = connectTls({ socket, servername: host, secureContext: context });
  await once(tls, "secureConnect");
  return tls;
}

async function ask(socket: Socket, { host, port }: Target, body: Buffer | undefined): Promise<void> {
  const lines = [`Host: ${host}:${port}`, "Accept: */*", "User-Agent: bench/1"];
  if (body !== undefined) lines.push("Content-Type: text/plain", `Content-Length: ${body.length}`);
  socket.write(`${body === undefined ? "GET" : "POST"} /small HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
  if (body !== undefined) socket.write(body);
  const text = await answered(socket, "END");
  if (!text.startsWith("HTTP/1.1 200")) throw new Error(text.slice(0, 60));
}

function answered(socket: Socket, mark: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const finish = (error?: Error): void => {
      socket.off("data", onData);
      socket.off("error", onError);
      socket.off("close", onClose);
      if (error === undefined) resolve(text);
      else reject(error);
    };
    const onData = (bytes: Buffer): void => {
      text += bytes.toString("latin1");
      if (text.includes(mark)) finish();
    };
    const onError = (error: Error): void => finish(error);
    const onClose = (): void => finish(new Error("closed"));
    socket.on("data", onData);
    socket.on("error", onError);
    socket.on("close", onClose);
  });
}

import { connect, createServer, type Socket } from "node:net";
import type { Start } from "./start-message.ts";

const PROBE_DEADLINE_MS = 1000;

/**
 * Opens the ports of the link. Their connections go to the unix sockets outside when those answer, else to `carry`; says
 * which.
 */
export async function listenInside(
  { ports, sockets }: Start,
  carry: (port: number, connection: Socket) => void,
): Promise<"sockets" | "streams"> {
  const crosses = sockets !== undefined && (await answers(`${sockets.folder}/probe`, sockets.nonce));
  const folder = crosses ? sockets.folder : undefined;
  await Promise.all(
    ports.map((port) =>
      listen(port, (connection) => {
        if (folder === undefined) carry(port, connection);
        else join(connection, connect({ path: `${folder}/${port}`, allowHalfOpen: true }));
      }),
    ),
  );
  return crosses ? "sockets" : "streams";
}

function listen(port: number, serve: (connection: Socket) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, serve);
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
}

function join(inside: Socket, outside: Socket): void {
  inside.pipe(outside).pipe(inside);
  const end = () => {
    inside.destroy();
    outside.destroy();
  };
  for (const one of [inside, outside]) one.once("error", end).once("close", end);
}

/** A folder may be visible and its sockets lead nowhere: only an answer tells. */
function answers(path: string, nonce: string): Promise<boolean> {
  return new Promise((resolve) => {
    let said = "";
    const probe = connect({ path });
    const settle = () => {
      clearTimeout(timer);
      probe.destroy();
      resolve(said === nonce);
    };
    const timer = setTimeout(settle, PROBE_DEADLINE_MS);
    probe.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString("utf8")).slice(0, 200);
    });
    probe.once("end", settle).once("error", settle);
  });
}

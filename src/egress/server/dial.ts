import { connect, type Socket } from "node:net";
import { connect as connectTls, type SecureContext } from "node:tls";
import { systemErrorCode } from "../../base/errors.ts";

/** Why a connection outwards did not come about. */
export class DialFailure extends Error {
  readonly kind: "unreachable" | "untrusted" | "timeout";
  /** The system's or OpenSSL's code for it */
  readonly detail: string;

  constructor(kind: "unreachable" | "untrusted" | "timeout", detail: string) {
    super(`${kind}: ${detail}`);
    this.name = "DialFailure";
    this.kind = kind;
    this.detail = detail;
  }
}

/** Opens a TCP connection to exactly this address. Throws `DialFailure`. */
export function dialTcp(address: string, port: number, timeoutMs: number): Promise<Socket> {
  const socket = connect({ host: address, port, autoSelectFamily: false });
  return settle(socket, "connect", timeoutMs, "unreachable");
}

/** How the far end of a TLS connection is checked. */
export type TlsCheck = {
  /** Name or address that the certificate must be for */
  readonly host: { readonly kind: "name" | "ipv4" | "ipv6"; readonly text: string };
  /** Roots that are trusted */
  readonly trust: SecureContext;
};

/** Plays the client's part of a TLS handshake and verifies the certificate. Throws `DialFailure`. */
export function startTls(socket: Socket, check: TlsCheck, timeoutMs: number): Promise<Socket> {
  const { host, trust } = check;
  const tls = connectTls({
    socket,
    host: host.text,
    servername: host.kind === "name" ? host.text : "",
    secureContext: trust,
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
  });
  return settle(tls, "secureConnect", timeoutMs, "untrusted", () => socket.destroy());
}

function settle(
  socket: Socket,
  event: "connect" | "secureConnect",
  timeoutMs: number,
  kind: "unreachable" | "untrusted",
  undo: () => void = () => {},
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const finish = (failure: DialFailure | undefined) => {
      clearTimeout(timer);
      socket.off(event, onReady);
      socket.off("error", onError);
      socket.off("close", onClose);
      if (failure === undefined) return resolve(socket);
      socket.on("error", () => {}); // it may complain again while it is torn down
      socket.destroy();
      undo();
      reject(failure);
    };
    const onReady = () => finish(undefined);
    const onError = (error: Error) => finish(new DialFailure(kind, systemErrorCode(error) ?? error.name));
    const onClose = () => finish(new DialFailure("unreachable", "closed"));
    const timer = setTimeout(() => finish(new DialFailure("timeout", "ETIMEDOUT")), timeoutMs);
    socket.once(event, onReady);
    socket.on("error", onError);
    socket.on("close", onClose);
  });
}

import type { Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";

/** The guest's side of a TLS connection that was ended here. */
export type EndedTls = {
  readonly socket: TLSSocket;
  /** Name the client asked for, lower case; undefined when it named none */
  readonly serverName: string | undefined;
};

/** What ends a TLS connection. */
export type TlsEnd = {
  /** Certificate that is shown when the client names no server */
  readonly context: SecureContext;
  /** Certificate for a name, or undefined when none may be made */
  contextFor(serverName: string): Promise<SecureContext | undefined>;
  readonly handshakeMs: number;
};

/** Plays the server's part of a TLS handshake; undefined when it fails or takes too long, and the socket is gone then. */
export function endTls(socket: Socket, end: TlsEnd): Promise<EndedTls | undefined> {
  let serverName: string | undefined;
  const tls = new TLSSocket(socket, {
    isServer: true,
    secureContext: end.context,
    ALPNProtocols: ["http/1.1"],
    SNICallback: (name, done) => {
      serverName = name.toLowerCase();
      end.contextFor(serverName).then(
        (context) => (context === undefined ? done(new Error("no certificate for this name")) : done(null, context)),
        (error: Error) => done(error),
      );
    },
  });
  // A server-side TLSSocket made by hand reports protocol errors only here, and lives on.
  tls.on("_tlsError", () => tls.destroy());
  return new Promise((resolve) => {
    const settle = (result: EndedTls | undefined) => {
      clearTimeout(timer);
      tls.off("secure", onSecure);
      tls.off("close", onClose);
      if (result === undefined) {
        tls.destroy();
        socket.destroy();
      }
      resolve(result);
    };
    const onSecure = () => settle({ socket: tls, serverName });
    const onClose = () => settle(undefined);
    const timer = setTimeout(onClose, end.handshakeMs);
    tls.on("error", () => {}); // the close that follows settles it; later errors belong to the channel
    tls.on("secure", onSecure);
    tls.on("close", onClose);
    socket.on("close", () => tls.destroy());
  });
}

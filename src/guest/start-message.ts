/** What the main process of a container is told first. */
export type Start = {
  /** Folders that archives are unpacked into; a frame's channel tells which */
  readonly fill: readonly string[];
  /** Ports that answer inside */
  readonly ports: readonly number[];
  /** Folder of the sockets that the ports lead to, and what its socket `probe` says when it crosses */
  readonly sockets: { readonly folder: string; readonly nonce: string } | undefined;
  /** A port of the host's own loopback, and the host's other addresses: none may be in reach */
  readonly foreign?: { readonly port: number; readonly hosts: readonly string[] };
};

/** The message as it was rendered outside, by the same version of this program. */
export function parseStart(text: string): Start {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || !("ports" in value)) throw new Error("no start message");
  return value as Start;
}

import { LINK_PORTS, type LinkService } from "../plan/link-ports.ts";

/** What a warden in a process of its own tells the one that started it. */
export type WardenMessage =
  /** It holds its authority; nothing answers yet */
  | { readonly kind: "ready"; readonly certificatePem: string }
  /** It has taken the listening sockets and answers */
  | { readonly kind: "serving" }
  | {
      readonly kind: "failed";
      readonly code: string;
      readonly message: string;
      readonly hint: string | undefined;
    };

/** The service whose listening socket a message to a warden's process carries; each has a message of its own. */
export function parseListenerName(message: unknown): LinkService | undefined {
  return typeof message === "string" && Object.hasOwn(LINK_PORTS, message) ? (message as LinkService) : undefined;
}

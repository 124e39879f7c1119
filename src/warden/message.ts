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

import { z } from "zod";
import { backend, texts } from "./parts.ts";

/** The machine-wide file as a person writes it. */
export const configSchema = z.strictObject({
  backend: backend("Way to isolate when neither the command line nor the bottle says").optional(),
  extra_ca: z.string().optional().meta({ description: "Path of a PEM file trusted for upstream TLS" }),
  upstream_proxy: z
    .string()
    .optional()
    .meta({ description: "Company proxy through which everything leaves: http://HOST:PORT" }),
  resolve: z.record(z.string(), z.string()).optional().meta({
    description: "Names dialled at exactly this ADDRESS:PORT, even if the address is private",
  }),
  tools: texts("Folders of toolchains, bound read-only at the same path").optional(),
  registry_image: z.string().optional().meta({
    description: "Image of the registry that `--hand-over push` pushes to: NAME@sha256:DIGEST or an image's id",
  }),
});

/** The type of the machine-wide file as written. */
export type WrittenConfig = z.infer<typeof configSchema>;

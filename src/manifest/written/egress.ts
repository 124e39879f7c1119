import { z } from "zod";
import { PRESET_NAMES } from "../presets-table.ts";
import { secretRef } from "./parts.ts";

const count = (description: string) => z.number().int().min(1).max(1_000_000_000).meta({ description });

const match = z.strictObject({
  paths: z
    .array(
      z.strictObject({
        type: z.enum(["exact", "prefix", "regex"]).meta({ description: "How the value is compared with the path" }),
        value: z.string().min(1).meta({ description: "Path, beginning of a path, or regular expression" }),
      }),
    )
    .min(1)
    .optional()
    .meta({ description: "Paths, one of which must match" }),
  methods: z
    .array(z.string().regex(/^[A-Z]{1,20}$/, "a method is written in capitals: GET, POST"))
    .min(1)
    .optional()
    .meta({ description: "Methods, one of which must match" }),
  headers: z
    .array(
      z.strictObject({
        name: z.string().meta({ description: "Header that must be there" }),
        value: z.string().optional().meta({ description: "Exact value it must have; any when left out" }),
      }),
    )
    .min(1)
    .optional()
    .meta({ description: "Headers, all of which must be there" }),
});

const auth = z.strictObject({
  scheme: z.enum(["Bearer", "token", "basic", "header"]).meta({ description: "Form in which the credential is added" }),
  name: z.string().optional().meta({ description: "Header that carries it; only with scheme: header" }),
  token_ref: secretRef("Credential, added outside the bottle"),
});

const route = z.strictObject({
  host: z.string().meta({ description: "Exact host name or address, or *.example.com" }),
  ports: z.array(z.number().int().min(1).max(65535)).min(1).optional().meta({ description: "Ports; 443 unless told" }),
  matches: z.array(match).min(1).optional().meta({
    description: "What may be asked for: any entry may match, all parts of one entry must; everything when left out",
  }),
  auth: auth.optional().meta({ description: "Credential that the warden adds; the agent never sees it" }),
  inbound_credentials: z
    .enum(["strip", "refuse", "pass"])
    .optional()
    .meta({ description: "What happens to credentials that come from inside; strip with auth, else refuse" }),
  git: z
    .strictObject({ fetch: z.boolean().optional().meta({ description: "Whether git fetch may use this route" }) })
    .optional()
    .meta({ description: "Git over HTTPS; pushing always goes through the git gate" }),
  dlp: z
    .strictObject({
      outbound_detectors: z
        .array(z.enum(["known", "tokens", "payment", "entropy", "secretlint"]))
        .optional()
        .meta({ description: "Detectors for requests: known and tokens unless told; known always works" }),
      inbound_detectors: z
        .array(z.enum(["injection"]))
        .optional()
        .meta({ description: "Detectors for replies: none unless told; injection looks for orders to an agent" }),
      inbound_on_match: z.enum(["warn", "block"]).optional().meta({
        description: "What happens when a detector matches a reply: warn unless told, which the journal keeps",
      }),
      outbound_on_match: z
        .enum(["supervise", "redact", "block"])
        .optional()
        .meta({ description: "What happens when a detector matches a request" }),
    })
    .optional()
    .meta({ description: "Screening of what leaves and what comes back" }),
  allow_private: z
    .boolean()
    .optional()
    .meta({ description: "Whether the name may resolve to a private address; false unless told" }),
  limits: z
    .strictObject({
      bytes_per_minute: count("Most bytes sent in a minute").optional(),
      requests_per_minute: count("Most requests in a minute").optional(),
    })
    .optional()
    .meta({ description: "Limits of this route" }),
});

/** What may leave, as a bottle writes it. */
export const egress = z
  .strictObject({
    log: z
      .enum(["refusals", "requests", "headers", "bodies"])
      .optional()
      .meta({ description: "How much of each request the journal keeps; requests unless told" }),
    presets: z
      .array(z.enum(PRESET_NAMES))
      .optional()
      .meta({ description: "Names of ready-made routes that only read: package registries, GitHub" }),
    routes: z.array(route).optional().meta({ description: "Hosts that can be reached, and what may be asked of them" }),
    limits: z
      .strictObject({
        connections: count("Most connections at one time").optional(),
        head_timeout_ms: count("Time for a request's head, in ms").optional(),
        idle_timeout_ms: count("Time without a byte, in ms").optional(),
        max_head_bytes: count("Largest head of a request, in bytes").optional(),
        max_body_bytes: count("Largest body of a request, in bytes; any when left out").optional(),
        hold_timeout_ms: count("Time for you to answer what waits before it is refused, in ms").optional(),
      })
      .optional()
      .meta({ description: "Limits of the proxy" }),
  })
  .meta({ description: "What may leave: nothing that is not written here" });

/** The type of what may leave, as written. */
export type WrittenEgress = z.infer<typeof egress>;

import { z } from "zod";
import { egress } from "./egress.ts";
import { gitUser } from "./git-user.ts";
import { backend, duration, name, secretRef, size, texts } from "./parts.ts";

const provider = z
  .strictObject({
    template: name("Adapter for the agent program: shell, claude, codex or a plugin; shell unless told").optional(),
    dockerfile: z
      .string()
      .optional()
      .meta({ description: "Dockerfile for the image, absolute or relative to the repository that is worked on" }),
    auth_token: secretRef("Credential of the agent program, kept outside the bottle").optional(),
    program: z.string().optional().meta({
      description:
        "Which program: pinned (from npm, unless told), installed (yours, on the PATH), or the path of its file",
    }),
    command: z
      .array(z.string())
      .min(1)
      .optional()
      .meta({ description: "Command that is run when none is given after --" }),
    settings: z
      .record(z.string(), z.unknown())
      .optional()
      .meta({ description: "Settings of the agent program, in its own words" }),
  })
  .meta({ description: "The coding agent program and its credential" });

const refs = z
  .strictObject({
    branches: texts("Patterns of branches that may be pushed").optional(),
    tags: texts("Patterns of tags that may be pushed").optional(),
    force: z.boolean().optional().meta({ description: "Whether history may be rewritten; false unless told" }),
    delete: z.boolean().optional().meta({ description: "Whether refs may be deleted; false unless told" }),
  })
  .meta({ description: "What may be pushed" });

const repo = z.strictObject({
  url: z.string().meta({ description: "ssh://, user@host:path, https:// or file://" }),
  key: z.string().optional().meta({ description: "Path of the SSH key, used outside the bottle" }),
  host_key: z.string().optional().meta({ description: "The server's public key, such as: ssh-ed25519 AAAA…" }),
  token_ref: secretRef("Token for an https:// remote, used outside the bottle").optional(),
  refs: refs.optional(),
  run_files: z
    .enum(["report", "hold", "refuse"])
    .optional()
    .meta({ description: "What becomes of a push that changes files which run somewhere, such as workflows" }),
});

/** A bottle as a person writes it: every key may be left out. */
export const bottleSchema = z.strictObject({
  extends: name("Bottle that this one starts from").optional(),
  env: z.record(z.string(), z.string()).optional().meta({
    description: `Variables the agent will see: text as it is, \${NAME} from the host, or ?question to ask when it starts`,
  }),
  agent_provider: provider.optional(),
  "git-gate": z
    .strictObject({
      user: gitUser.optional(),
      repos: z
        .record(z.string(), repo)
        .optional()
        .meta({ description: "Remotes the agent may fetch from and push to, by name" }),
    })
    .optional()
    .meta({ description: "Identity and remotes for git" }),
  egress: egress.optional(),
  supervise: z.boolean().optional().meta({ description: "Whether the agent may ask the operator; true unless told" }),
  resources: z
    .strictObject({
      cpus: z.number().min(0.01).max(1024).optional().meta({ description: "Processors, fractions allowed" }),
      memory: size("Memory, such as 2g").optional(),
      pids: z.number().int().min(1).max(4_194_304).optional().meta({ description: "Processes; 512 unless told" }),
      disk: size("Disk, such as 10g").optional(),
      time: duration("Wall-clock time after which the bottle is ended, such as 30m").optional(),
    })
    .optional()
    .meta({ description: "Limits" }),
  workspace: z
    .strictObject({
      mode: z
        .enum(["copy", "mount", "none"])
        .optional()
        .meta({ description: "How the current folder gets in; copy unless told" }),
      exclude: texts("Patterns left out of the copy").optional(),
      include: texts("Patterns brought in although they look like secrets").optional(),
    })
    .optional()
    .meta({ description: "How the current folder gets in" }),
  backend: backend("Way to isolate").optional(),
});

/** The type of a bottle as written. */
export type WrittenBottle = z.infer<typeof bottleSchema>;

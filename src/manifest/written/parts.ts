import { z } from "zod";
import { NAME_PATTERN, NAME_RULE } from "../name.ts";

/** A whole number followed by `k`, `m` or `g`. */
export const size = (description: string) =>
  z
    .string()
    .regex(/^[1-9][0-9]{0,5}[kmgKMG]$/, "a size is a whole number and a unit: 512m, 2g")
    .meta({ description });

/** A whole number followed by `s`, `m`, `h` or `d`. */
export const duration = (description: string) =>
  z
    .string()
    .regex(/^[1-9][0-9]{0,5}[smhd]$/, "a time is a whole number and a unit: 90s, 30m, 2h")
    .meta({ description });

/** The name of a bottle, an agent, a skill or a repository. */
export const name = (description: string) => z.string().regex(NAME_PATTERN, NAME_RULE).meta({ description });

/** Where a secret comes from, never the secret: a word, or a map with one of three keys. */
export const secretRef = (description: string) =>
  z
    .union([
      z.string(),
      z.strictObject({
        env: z.string().optional().meta({ description: "Variable of the host" }),
        file: z.string().optional().meta({ description: "Path of a file on the host that holds nothing else" }),
        command: z
          .array(z.string())
          .min(1)
          .optional()
          .meta({ description: "Command that is run on the host, without a shell, and prints the secret" }),
      }),
    ])
    .meta({ description: `${description}: NAME or env:NAME, file:PATH, or command: [ARGV]` });

/** A list of texts. */
export const texts = (description: string) => z.array(z.string().min(1)).meta({ description });

/** One of the ways to isolate. */
export const backend = (description: string) => z.enum(["local", "docker", "smolmachines"]).meta({ description });

import { z } from "zod";
import { texts } from "./parts.ts";

const credential = z
  .strictObject({
    variable: z.string().meta({ description: "Variable in which the program looks for its credential" }),
    scheme: z.enum(["Bearer", "token", "basic", "header"]).meta({ description: "Form in which the warden adds it" }),
    name: z.string().optional().meta({ description: "Header that carries it; only with scheme: header" }),
    placeholder: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "What the variable holds inside; placeholder unless told" }),
  })
  .meta({ description: "The program's credential: what stands for it inside, and how the real one is sent" });

/** The adapter for one more agent program, as a person writes it. */
export const providerSchema = z.strictObject({
  title: z.string().min(1).optional().meta({ description: "What people call it; the file's name unless told" }),
  program: z
    .string()
    .optional()
    .meta({ description: "Path of the program's file; found inside on the PATH unless told" }),
  command: z.array(z.string()).min(1).meta({ description: "Command on a terminal; its first word is the program" }),
  prompt: z
    .enum(["argument", "none"])
    .optional()
    .meta({ description: "Whether a first task may follow the command as its last word; none unless told" }),
  headless: z
    .array(z.string())
    .min(1)
    .optional()
    .meta({ description: "Command without a terminal, which reads its task from standard input" }),
  env: z.record(z.string(), z.string()).optional().meta({ description: "Variables that it gets, as they are" }),
  hosts: texts("Hosts that get the credential, on port 443").optional(),
  credential: credential.optional(),
  files: z
    .record(z.string(), z.string())
    .optional()
    .meta({ description: "Files of its home folder by their path in it, so that it does not ask when it starts" }),
  instructions: z.string().optional().meta({ description: "File below home that takes the agent's system prompt" }),
  skills: z.string().optional().meta({ description: "Folder below home that it reads skills from" }),
});

/** The type of a provider as written. */
export type WrittenProvider = z.infer<typeof providerSchema>;

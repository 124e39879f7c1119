import { z } from "zod";
import { gitUser } from "./git-user.ts";
import { name } from "./parts.ts";

const ignored = (description: string) =>
  z
    .unknown()
    .optional()
    .meta({ description: `${description}; Claude Code's own key, accepted and ignored` });

/** An agent as a person writes it; the body below the head is its system prompt. */
export const agentSchema = z.strictObject({
  bottle: z
    .union([name("Bottle"), z.array(name("Bottle")).min(1)])
    .optional()
    .meta({ description: "Bottle it runs in, or several that are merged left to right" }),
  skills: z.array(name("Skill")).optional().meta({ description: "Skills it gets" }),
  "git-gate": z
    .strictObject({ user: gitUser.optional() })
    .optional()
    .meta({ description: "Identity for git; remotes are a bottle's business" }),
  name: ignored("Name of a sub-agent"),
  description: ignored("When to use it"),
  model: ignored("Model it runs on"),
  color: ignored("Colour in lists"),
  memory: ignored("Where it remembers things"),
  tools: ignored("Tools it may use"),
});

/** The type of an agent as written. */
export type WrittenAgent = z.infer<typeof agentSchema>;

import { z } from "zod";

/** Identity for commits, as a bottle or an agent may write it. */
export const gitUser = z
  .strictObject({
    name: z.string().min(1).optional().meta({ description: "Name in commits" }),
    email: z.string().min(1).optional().meta({ description: "Address in commits" }),
  })
  .meta({ description: "Identity for commits made inside" });

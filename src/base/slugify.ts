import { BottleError } from "./errors.ts";

const MAX_LENGTH = 40;

/** The text as the first part of a slug: lower case, anything but letters and digits as one `-`, starting with a letter. Throws when nothing is left. */
export function slugify(text: string): string {
  const slug = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, MAX_LENGTH)
    .replace(/-+$/, "");
  if (slug !== "") return slug;
  throw new BottleError("input/usage", `cannot make a name for the bottle from ${JSON.stringify(text)}`, {
    hint: "use a name that has at least one of the letters a to z",
  });
}

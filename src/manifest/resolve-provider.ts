import type { ProviderDefinition } from "./bottle.ts";
import { checked } from "./checked.ts";
import { parseHostPath } from "./host-path.ts";
import { parseHostPattern } from "./host-pattern.ts";
import type { WrittenProvider } from "./written/provider.ts";

/** A provider with every default filled in. Expects rules to have passed. */
export function resolveProvider(
  origin: { readonly name: string; readonly file: string },
  written: WrittenProvider,
  userHome: string,
): ProviderDefinition {
  return {
    ...origin,
    title: written.title ?? origin.name,
    program: written.program && checked(parseHostPath(written.program, userHome)),
    command: written.command,
    takesPrompt: written.prompt === "argument",
    headless: written.headless,
    env: written.env ?? {},
    hosts: (written.hosts ?? []).map((text) => {
      const pattern = parseHostPattern(text);
      return checked(pattern.kind === "host" ? pattern.host : undefined);
    }),
    credential: written.credential && resolveCredential(written.credential),
    files: written.files ?? {},
    instructions: written.instructions,
    skills: written.skills,
  };
}

function resolveCredential(
  written: NonNullable<WrittenProvider["credential"]>,
): NonNullable<ProviderDefinition["credential"]> {
  const { variable, scheme, name, placeholder = "placeholder" } = written;
  const auth = scheme === "header" ? ({ scheme, name: checked(name).toLowerCase() } as const) : ({ scheme } as const);
  return { variable, placeholder, auth };
}

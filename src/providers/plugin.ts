import type { ProviderDefinition } from "../manifest/bottle.ts";
import type { CredentialForm } from "./credential-form.ts";
import type { Provider } from "./provider.ts";

/** The provider that an operator's own file describes; a file can say nothing that is run outside a bottle. */
export function makePlugin(definition: ProviderDefinition): Provider {
  const { name, title, command, headless, takesPrompt, credential, instructions } = definition;
  return {
    name,
    title,
    program: command[0] ?? name,
    pinned: undefined,
    argv: ({ interactive, flags, prompt }) => {
      if (!interactive) return [...(headless ?? command), ...flags];
      return [...command, ...flags, ...(prompt === undefined || !takesPrompt ? [] : [prompt])];
    },
    takesPrompt,
    env: definition.env,
    hosts: definition.hosts,
    paths: [],
    forms: credential === undefined ? [] : [makeForm(credential)],
    advice: [],
    probe: undefined,
    files: ({ instructions: text }) => [
      ...Object.entries(definition.files).map(([path, content]) => ({ path, content })),
      ...(instructions === undefined || text === "" ? [] : [{ path: instructions, content: `${text}\n` }]),
    ],
    skills: definition.skills,
    optionalHosts: [],
  };
}

function makeForm({ variable, placeholder, auth }: NonNullable<ProviderDefinition["credential"]>): CredentialForm {
  return { title: "credential", prefix: "", auth, lists: [], variable, placeholder };
}

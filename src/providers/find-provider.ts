import type { ProviderDefinition } from "../manifest/bottle.ts";
import { claude } from "./claude.ts";
import { codex } from "./codex.ts";
import { makePlugin } from "./plugin.ts";
import type { Provider } from "./provider.ts";

/** The providers that come with this program; `shell` is none: it runs what it is told. */
export const PROVIDERS: readonly Provider[] = [claude, codex];

/** The provider of a bottle; undefined for a shell. */
export function findProvider(template: string, definition: ProviderDefinition | undefined): Provider | undefined {
  if (definition !== undefined) return makePlugin(definition);
  return PROVIDERS.find(({ name }) => name === template);
}

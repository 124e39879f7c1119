import { isAbsolute, join } from "node:path";
import { BottleError } from "./errors.ts";

/** Where everything of ours lives for one user. */
export type Paths = {
  /** `~/.bot-bottle`, or what `BOT_BOTTLE_HOME` names */
  readonly home: string;
  /** Bottle manifests, home only */
  readonly bottles: string;
  /** Agent manifests of the home folder */
  readonly agents: string;
  /** Adapters for more agent programs, home only */
  readonly providers: string;
  /** Skills that agents may name, a folder each */
  readonly skills: string;
  /** Machine-wide settings */
  readonly config: string;
  /** One folder per bottle that runs or left something */
  readonly state: string;
  /** What can be made again at any time */
  readonly cache: string;
};

/**
 * The paths for an environment and the user's home folder. Throws `input/usage` for one that is not absolute: it would name
 * a folder of whatever repository is the current one, and bottles are never read from a repository.
 */
export function makePaths(env: Readonly<Record<string, string | undefined>>, userHome: string): Paths {
  const named = env["BOT_BOTTLE_HOME"];
  const home = named
    ? requireAbsolute("BOT_BOTTLE_HOME", named)
    : join(requireAbsolute("HOME", userHome), ".bot-bottle");
  const cache = env["XDG_CACHE_HOME"];
  // one that is not absolute is to be ignored, says its specification
  const cacheBase = cache && isAbsolute(cache) ? cache : join(isAbsolute(userHome) ? userHome : home, ".cache");
  return {
    home,
    bottles: join(home, "bottles"),
    agents: join(home, "agents"),
    providers: join(home, "providers"),
    skills: join(home, "skills"),
    config: join(home, "config.yaml"),
    state: join(home, "state"),
    cache: join(cacheBase, "bot-bottle"),
  };
}

function requireAbsolute(variable: string, path: string): string {
  if (isAbsolute(path)) return path;
  throw new BottleError("input/usage", `${variable} is ${JSON.stringify(path)}, which is no absolute path`, {
    hint: `set it to one that begins with /: export ${variable}=/…`,
  });
}

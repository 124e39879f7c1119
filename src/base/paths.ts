import { join } from "node:path";

/** Where everything of ours lives for one user. */
export type Paths = {
  /** `~/.bot-bottle`, or what `BOT_BOTTLE_HOME` names */
  readonly home: string;
  /** Bottle manifests, home only */
  readonly bottles: string;
  /** Agent manifests of the home folder */
  readonly agents: string;
  /** Machine-wide settings */
  readonly config: string;
  /** One folder per bottle that runs or left something */
  readonly state: string;
  /** What can be made again at any time */
  readonly cache: string;
};

/** The paths for an environment and the user's home folder. */
export function makePaths(env: Readonly<Record<string, string | undefined>>, userHome: string): Paths {
  const home = env["BOT_BOTTLE_HOME"] || join(userHome, ".bot-bottle");
  const cacheBase = env["XDG_CACHE_HOME"] || join(userHome, ".cache");
  return {
    home,
    bottles: join(home, "bottles"),
    agents: join(home, "agents"),
    config: join(home, "config.yaml"),
    state: join(home, "state"),
    cache: join(cacheBase, "bot-bottle"),
  };
}

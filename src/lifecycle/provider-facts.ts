import { join } from "node:path";
import type { Context } from "../base/context.ts";
import { listNames } from "../base/files.ts";
import type { Bottle } from "../manifest/bottle.ts";
import type { ProviderFacts } from "../plan/planned-provider.ts";
import { findInstalled, realProgram } from "../providers/installed-program.ts";
import { findBuild, type PinnedBuild } from "../providers/pinned-program.ts";
import { isCached } from "../providers/program-cache.ts";
import type { Provider } from "../providers/provider.ts";

/** What planning must know of a bottle's agent program on this machine. */
export async function readProviderFacts(
  context: Context,
  provider: Provider,
  { provider: wish }: Bottle,
  ownFile: string | undefined,
): Promise<ProviderFacts> {
  const { name, title, hosts, forms, advice, takesPrompt, skills } = provider;
  return {
    ...{ name, title, hosts, advice, takesPrompt },
    command: provider.program,
    needsCredential: forms.length > 0,
    variables: forms.map(({ variable }) => variable),
    takesSkills: skills !== undefined,
    program: await findProgram(context, provider, wish.program, ownFile),
    argv: (start) => provider.argv(start),
  };
}

/** The build of a pinned program for this machine. */
export async function findOwnBuild(context: Context, provider: Provider): Promise<PinnedBuild | undefined> {
  return provider.pinned && findBuild(provider.pinned, await platformOf(context));
}

/** The name of this machine's platform: `linux-x64`, `linux-arm64-musl`. */
async function platformOf({ platform, arch }: Context): Promise<string> {
  const loaders = ((await listNames("/lib")) ?? []).filter((name) => /^ld-(musl|linux)/.test(name));
  const isMusl =
    loaders.some((name) => name.startsWith("ld-musl")) && !loaders.some((name) => name.startsWith("ld-linux"));
  return `${platform}-${arch}${isMusl ? "-musl" : ""}`;
}

async function findProgram(
  context: Context,
  provider: Provider,
  wish: string,
  ownFile: string | undefined,
): Promise<ProviderFacts["program"]> {
  const named = wish === "pinned" ? ownFile : wish === "installed" ? undefined : wish;
  if (named !== undefined) {
    const file = await realProgram(named);
    if (file !== undefined) return { kind: "installed", file, folder: undefined };
    return { kind: "missing", why: `${named} is no program that can be run`, hint: "name the program's file" };
  }
  const build = await findOwnBuild(context, provider);
  if (wish === "installed") {
    const found = await findInstalled(provider.program, build, context.env["PATH"]);
    if (found !== undefined) return { kind: "installed", ...found };
    const why = `no ${provider.program} on your PATH that could run in a bottle`;
    return { kind: "missing", why, hint: "write program: pinned, or the path of its program file" };
  }
  if (provider.pinned === undefined) return { kind: "inside" };
  if (build === undefined) {
    const why = `there is no build of version ${provider.pinned.version} for ${context.platform} on ${context.arch}`;
    return { kind: "missing", why, hint: "write program: /PATH of a build of your own" };
  }
  const { version, bytes } = provider.pinned;
  const folder = join(context.paths.cache, "programs", build.package.replaceAll(/[^A-Za-z0-9.@-]/g, "_"));
  const fetches = (await isCached(folder)) ? 0 : bytes;
  return { kind: "pinned", package: build.package, version, folder, fetches };
}

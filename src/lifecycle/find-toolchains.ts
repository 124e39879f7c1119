import { join } from "node:path";
import { folderExists } from "../base/files.ts";
import { isInside } from "../base/is-inside.ts";

/** A folder of programs outside /usr that a bottle may be given to read. */
export type Toolchain = {
  /** Who installed it, `nvm` */
  readonly name: string;
  readonly folder: string;
  /** True when the operator's own PATH leads into it */
  readonly onPath: boolean;
};

/** Where version managers keep programs, relative to the home folder; never the folders that also hold credentials. */
const KNOWN: readonly { readonly name: string; readonly folder: string }[] = [
  { name: "nvm", folder: ".nvm/versions" },
  { name: "fnm", folder: ".local/share/fnm/node-versions" },
  { name: "volta", folder: ".volta/tools" },
  { name: "mise", folder: ".local/share/mise/installs" },
  { name: "asdf", folder: ".asdf/installs" },
  { name: "pyenv", folder: ".pyenv/versions" },
  { name: "uv", folder: ".local/share/uv/python" },
  { name: "rustup", folder: ".rustup/toolchains" },
  { name: "sdkman", folder: ".sdkman/candidates" },
  { name: "bun", folder: ".bun/bin" },
  { name: "deno", folder: ".deno/bin" },
  { name: "Homebrew", folder: "/home/linuxbrew/.linuxbrew" },
  { name: "Go", folder: "/usr/local/go" },
];

/** The toolchains of this machine that lie outside what every bottle sees anyway. */
export async function findToolchains(userHome: string, path: string | undefined): Promise<readonly Toolchain[]> {
  const entries = (path ?? "").split(":").filter((entry) => entry.startsWith("/"));
  const found = await Promise.all(
    KNOWN.map(async ({ name, folder }) => {
      const absolute = folder.startsWith("/") ? folder : join(userHome, folder);
      if (isInside(absolute, "/usr") || !(await folderExists(absolute))) return [];
      return [{ name, folder: absolute, onPath: entries.some((entry) => isInside(entry, absolute)) }];
    }),
  );
  return found.flat();
}

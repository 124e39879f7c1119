/** A program of npm packages at the one version that was tried, by platform. */
export type PinnedProgram = {
  readonly version: string;
  /** What is downloaded, about, bytes */
  readonly bytes: number;
  /** By the name of a platform: `linux-x64`, `linux-arm64-musl` */
  readonly builds: Readonly<Record<string, PinnedBuild>>;
};

/** The build for one platform. */
export type PinnedBuild = {
  /** What npm is asked for, `name@version` */
  readonly package: string;
  /** Subresource integrity of the package's tarball, as npm published it */
  readonly integrity: string;
  /** What of the package is kept: paths in the tarball, and where each goes; programs go to `bin/` */
  readonly files: Readonly<Record<string, string>>;
};

/** The build for a platform, if there is one; a static program has one for every libc. */
export function findBuild({ builds }: PinnedProgram, platform: string): PinnedBuild | undefined {
  return builds[platform] ?? builds[platform.replace(/-musl$/, "")];
}

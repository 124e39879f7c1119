/** A route of a preset: what is read there, and nothing else. */
export type PresetRoute = {
  readonly host: string;
  readonly ports?: readonly number[];
  /** Beginnings of the paths; everything when left out */
  readonly below?: readonly string[];
  /** Whether `git fetch` over HTTPS is let through */
  readonly gitFetch?: true;
};

/** What a preset is for, and the hosts it opens for reading. */
export type Preset = { readonly title: string; readonly routes: readonly PresetRoute[] };

/** apt asks over plain HTTP too: what it fetches is signed */
const APT_PORTS = [443, 80];

/** Routes that a manifest may name by one word; read-only: `GET` and `HEAD`, no credential. */
export const PRESETS = {
  npm: {
    title: "packages of npm and Yarn",
    routes: [{ host: "registry.npmjs.org" }, { host: "registry.yarnpkg.com" }],
  },
  pypi: {
    title: "packages of Python",
    routes: [{ host: "pypi.org" }, { host: "files.pythonhosted.org" }],
  },
  crates: {
    title: "crates of Rust",
    routes: [
      { host: "index.crates.io" },
      { host: "static.crates.io" },
      { host: "crates.io", below: ["/api/v1/crates"] },
    ],
  },
  rust: {
    title: "toolchains of Rust",
    routes: [{ host: "static.rust-lang.org" }],
  },
  go: {
    title: "modules and toolchains of Go",
    routes: [
      { host: "proxy.golang.org" },
      { host: "sum.golang.org" },
      { host: "go.dev", below: ["/dl"] },
      { host: "dl.google.com", below: ["/go"] },
      { host: "storage.googleapis.com", below: ["/proxy-golang-org-prod"] },
    ],
  },
  rubygems: {
    title: "gems of Ruby",
    routes: [{ host: "rubygems.org" }, { host: "index.rubygems.org" }],
  },
  maven: {
    title: "packages of Java",
    routes: [{ host: "repo.maven.apache.org" }, { host: "repo1.maven.org" }],
  },
  node: {
    title: "builds and headers of Node.js",
    routes: [{ host: "nodejs.org", below: ["/dist", "/download"] }],
  },
  debian: {
    title: "packages of Debian",
    routes: [
      { host: "deb.debian.org", ports: APT_PORTS },
      { host: "security.debian.org", ports: APT_PORTS },
    ],
  },
  ubuntu: {
    title: "packages of Ubuntu",
    routes: [
      { host: "archive.ubuntu.com", ports: APT_PORTS },
      { host: "security.ubuntu.com", ports: APT_PORTS },
      { host: "ports.ubuntu.com", ports: APT_PORTS },
    ],
  },
  github: {
    title: "GitHub, for reading: pages, files, releases, git fetch",
    routes: [
      { host: "github.com", gitFetch: true },
      { host: "api.github.com" },
      { host: "codeload.github.com" },
      { host: "raw.githubusercontent.com" },
      { host: "objects.githubusercontent.com" },
      { host: "release-assets.githubusercontent.com" },
    ],
  },
} as const satisfies Readonly<Record<string, Preset>>;

/** The word for one preset. */
export type PresetName = keyof typeof PRESETS;

/** All of them, in the order of the documentation. */
export const PRESET_NAMES = Object.keys(PRESETS) as [PresetName, ...PresetName[]];

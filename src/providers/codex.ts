import type { SeedFile } from "../plan/planned-provider.ts";
import { mergeSettings } from "./merge-settings.ts";
import type { PinnedBuild, PinnedProgram } from "./pinned-program.ts";
import type { AgentSeed, AgentStart, Provider } from "./provider.ts";
import { renderToml } from "./render-toml.ts";

const VERSION = "0.171.0";

/** OpenAI's Codex. What it needs and asks for was observed with the pinned version behind the warden. */
export const codex: Provider = {
  name: "codex",
  title: "Codex",
  program: "codex",
  pinned: pin({
    x64: "sha512-l66NZkQgdk2C3pbcfULDz42yEUB581MVA6I+Y43Wp4OIqEy73HCdmZ0GTjeAHY2ycuH4N00d9VsLrwT1jxshTw==",
    arm64: "sha512-9z17t4bbUJ9UCIb49O4PoA+ki+45q3rd8nZ8PeH6sYnlKkBld/Xpo/OS3h3Ti954+foshX4o7k5TCU8N7zzqQA==",
  }),
  argv: makeArgv,
  takesPrompt: true,
  env: {},
  hosts: ["api.openai.com"],
  paths: ["/v1/responses", "/v1/models", "/v1/files", "/v1/images"], // not /v1/realtime, which gives out client secrets
  forms: [
    {
      title: "API key",
      prefix: "",
      auth: { scheme: "Bearer" },
      lists: [],
      variable: "OPENAI_API_KEY",
      placeholder: "sk-placeholder-the-real-one-is-added-outside-this-bottle",
    },
  ],
  advice: [
    "with the OpenAI platform: export OPENAI_API_KEY=…",
    "(a ChatGPT login cannot be used: its token is renewed by Codex itself)",
    "then run `bottle init` again, or write in a bottle",
    "  agent_provider: {template: codex, auth_token: OPENAI_API_KEY}",
  ],
  probe: {
    host: "api.openai.com",
    method: "POST",
    path: "/v1/responses",
    headers: [{ name: "Content-Type", value: "application/json" }],
    body: "{}", // no model, no input: whoever is known is told that this is no question
  },
  files: makeFiles,
  skills: ".codex/skills",
  optionalHosts: [
    ...["chatgpt.com", "ab.chatgpt.com", "registry.npmjs.org"],
    ...["github.com", "api.github.com", "raw.githubusercontent.com"],
  ],
};

function pin(integrities: Readonly<Record<"x64" | "arm64", string>>): PinnedProgram {
  const builds = Object.entries(integrities).map(([arch, integrity]): [string, PinnedBuild] => {
    const root = `package/vendor/${arch === "x64" ? "x86_64" : "aarch64"}-unknown-linux-musl`;
    const kept = [
      ...["bin/codex", "bin/codex-code-mode-host", "codex-path/rg"],
      ...["codex-resources/bwrap", "codex-package.json"], // it looks for the first, and uses it for nothing here
    ];
    const files = Object.fromEntries(kept.map((path) => [`${root}/${path}`, path]));
    return [`linux-${arch}`, { package: `@openai/codex@${VERSION}-linux-${arch}`, integrity, files }];
  });
  return { version: VERSION, bytes: 172_000_000, builds: Object.fromEntries(builds) };
}

/** Its own sandbox and its prompts for approval are off: what it may do is what the bottle holds. */
function makeArgv({ interactive, flags, prompt }: AgentStart): readonly string[] {
  const unguarded = "--dangerously-bypass-approvals-and-sandbox";
  if (!interactive) return ["codex", "exec", unguarded, "--skip-git-repo-check", ...flags, "-"];
  return ["codex", unguarded, "--no-daemon", ...flags, ...(prompt === undefined ? [] : ["--", prompt])];
}

function makeFiles({ workspace, instructions, settings }: AgentSeed): readonly SeedFile[] {
  const own = {
    model_provider: "bottle",
    approval_policy: "never",
    sandbox_mode: "danger-full-access",
    check_for_update_on_startup: false,
    analytics: { enabled: false },
    feedback: { enabled: false },
    projects: { [workspace]: { trust_level: "trusted" } },
    model_providers: {
      // the host of its own provider, without the websocket that its answers would come over
      bottle: {
        name: "OpenAI",
        base_url: "https://api.openai.com/v1",
        env_key: "OPENAI_API_KEY",
        wire_api: "responses",
        supports_websockets: false,
      },
    },
  };
  return [
    { path: ".codex/config.toml", content: renderToml(mergeSettings(own, settings)) },
    ...(instructions === "" ? [] : [{ path: ".codex/AGENTS.md", content: `${instructions}\n` }]),
  ];
}

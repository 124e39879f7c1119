import { GUEST_LAYOUT } from "../plan/plan.ts";
import type { SeedFile } from "../plan/planned-provider.ts";
import { mergeSettings } from "./merge-settings.ts";
import type { PinnedBuild, PinnedProgram } from "./pinned-program.ts";
import { type AgentSeed, type AgentStart, PROMPT_FILE, type Provider } from "./provider.ts";

const VERSION = "2.1.332";

/** Claude Code. What it needs and asks for was observed with the pinned version behind the warden. */
export const claude: Provider = {
  name: "claude",
  title: "Claude Code",
  program: "claude",
  pinned: pin({
    "linux-x64": "sha512-f4JWhzwYutJIHScC7/dYOPX6s28tt7ZADhsOi8zwOHq5fFPEuUeChh2NMfinSg0GrUckYxaeebC4h0DqiKzLcw==",
    "linux-arm64": "sha512-BlHNEtK38KBPWU31F4lUSS9sHclCyfWbThT1CErvxxH8+XcljYLZlQwdyXBkTD62rw1TgfE1u1a+quMWS0NSJg==",
    "linux-x64-musl": "sha512-QoQzwipnqRAdBKDAJNJ2Qvl37G6x8nCugfOQa+nuMcGIRgGEOLeWoq3pTLMQRScL37estAQBGH9ygR3WFVbIfw==",
    "linux-arm64-musl":
      "sha512-jdjkkJLfAQ9M1HbT05tZHQpGNZUEPUebYwW/xpiMypZddB0lNlHlB9mXfOVV/UUPO0JCghj1NSQjxhhJc4L4CA==",
  }),
  argv: makeArgv,
  takesPrompt: true,
  env: {
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    DISABLE_INSTALLATION_CHECKS: "1",
  },
  hosts: ["api.anthropic.com"],
  paths: [
    ...["/v1/messages", "/v1/models", "/v1/files", "/v1/mcp_servers"],
    ...["/api/hello", "/api/claude_code", "/api/claude_cli", "/api/directory"],
    ...["/api/oauth/profile", "/api/oauth/usage"], // not /api/oauth/claude_cli, which makes API keys
  ],
  forms: [
    {
      title: "OAuth token",
      prefix: "sk-ant-oat",
      auth: { scheme: "Bearer" },
      lists: [{ name: "anthropic-beta", value: "oauth-2025-04-20" }],
      variable: "CLAUDE_CODE_OAUTH_TOKEN",
      placeholder: "sk-ant-oat01-placeholder-the-real-one-is-added-outside-this-bottle",
    },
    {
      title: "API key",
      prefix: "",
      auth: { scheme: "header", name: "x-api-key" },
      lists: [],
      variable: "ANTHROPIC_API_KEY",
      placeholder: "sk-ant-api03-placeholder-the-real-one-is-added-outside-this-bottle",
    },
  ],
  advice: [
    "with a subscription: run `claude setup-token` and export what it prints as CLAUDE_CODE_OAUTH_TOKEN",
    "with the Anthropic Console: export ANTHROPIC_API_KEY=…",
    "then run `bottle init` again, or write in a bottle",
    "  agent_provider: {template: claude, auth_token: NAME_OF_THE_VARIABLE}",
  ],
  probe: {
    host: "api.anthropic.com",
    method: "POST",
    path: "/v1/messages",
    headers: [
      { name: "Content-Type", value: "application/json" },
      { name: "anthropic-version", value: "2023-06-01" },
    ],
    body: "{}", // no model, no message: whoever is known is told that this is no question
  },
  files: makeFiles,
  skills: ".claude/skills",
  optionalHosts: [
    "platform.claude.com",
    "downloads.claude.ai",
    "github.com",
    "raw.githubusercontent.com",
    "registry.npmjs.org",
    "statsig.anthropic.com",
    "storage.googleapis.com",
  ],
};

function pin(integrities: Readonly<Record<string, string>>): PinnedProgram {
  const builds = Object.entries(integrities).map(([platform, integrity]): [string, PinnedBuild] => [
    platform,
    {
      package: `@anthropic-ai/claude-code-${platform}@${VERSION}`,
      integrity,
      files: { "package/claude": "bin/claude" },
    },
  ]);
  return { version: VERSION, bytes: 186_000_000, builds: Object.fromEntries(builds) };
}

/** Its own prompts for permission are off: what it may do is what the bottle holds. */
function makeArgv({ interactive, flags, prompt, hasInstructions }: AgentStart): readonly string[] {
  return [
    ...["claude", "--dangerously-skip-permissions"],
    ...(hasInstructions ? ["--append-system-prompt-file", `${GUEST_LAYOUT.home}/${PROMPT_FILE}`] : []),
    ...(interactive ? [] : ["--print"]),
    ...flags,
    ...(prompt === undefined ? [] : ["--", prompt]),
  ];
}

/** What the first start would ask, answered. */
function makeFiles({ workspace, instructions, placeholder, settings }: AgentSeed): readonly SeedFile[] {
  const state = {
    hasCompletedOnboarding: true,
    lastOnboardingVersion: VERSION,
    installMethod: "native",
    theme: "dark",
    hasSeenAutoDefaultNudge: true,
    officialMarketplaceAutoInstallAttempted: true,
    // it knows an approved key by its end
    customApiKeyResponses: { approved: [placeholder.slice(-20)], rejected: [] },
    projects: { [workspace]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } },
  };
  const own = {
    permissions: { defaultMode: "bypassPermissions" },
    skipDangerousModePermissionPrompt: true,
    includeCoAuthoredBy: false,
  };
  return [
    { path: ".claude.json", content: renderJson(state) },
    { path: ".claude/settings.json", content: renderJson(mergeSettings(own, settings)) },
    ...(instructions === "" ? [] : [{ path: PROMPT_FILE, content: `${instructions}\n` }]),
  ];
}

function renderJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

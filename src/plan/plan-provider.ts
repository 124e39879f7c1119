import { BottleError } from "../base/errors.ts";
import type { Agent, Bottle, SecretRef, WrittenKey } from "../manifest/bottle.ts";
import type { Problem } from "../manifest/problem.ts";
import { quote } from "../manifest/quote.ts";
import type { HostFacts } from "./host-facts.ts";
import type { PlannedProvider, ProviderFacts } from "./planned-provider.ts";

/** What a bottle's agent program is planned from. */
type ProviderInput = {
  readonly bottle: Bottle;
  readonly agent: Agent | undefined;
  readonly facts: HostFacts;
};

/** The agent program of a bottle; undefined for a shell. What cannot be had is refused with the way to get it. */
export function planProvider(
  { bottle, facts }: ProviderInput,
  refuse: (error: BottleError) => undefined,
): PlannedProvider | undefined {
  const { provider } = facts;
  if (provider === undefined) return undefined;
  const { name, title, command, hosts } = provider;
  // a container has the program of its image; one of this machine need not run there
  const program = facts.backend.name !== "local" ? ({ kind: "inside" } as const) : provider.program;
  const credential = planCredential(bottle.provider.authToken, provider, facts, refuse);
  if (program.kind === "missing") {
    return refuse(new BottleError("provider/no-program", `${title}: ${program.why}`, { hint: program.hint }));
  }
  return { name, title, command, hosts, program, credential, settings: bottle.provider.settings };
}

function planCredential(
  ref: SecretRef | undefined,
  { title, needsCredential, advice }: ProviderFacts,
  { variables }: HostFacts,
  refuse: (error: BottleError) => undefined,
): SecretRef | undefined {
  if (!needsCredential) return undefined;
  if (ref === undefined) {
    const hint = [
      "say where it is:",
      ...advice,
      ...(advice.length === 0 ? ["agent_provider: {auth_token: NAME}"] : []),
    ];
    return refuse(
      new BottleError("secret/missing", `${title} needs a credential, and the bottle names none`, {
        hint: hint.join("\n    "),
      }),
    );
  }
  if (ref.kind === "env" && !variables.has(ref.variable)) {
    const hint = [`export ${ref.variable}=…, then try again`, ...advice];
    return refuse(
      new BottleError("secret/missing", `${title} takes its credential from ${ref.variable}, which is not set`, {
        hint: hint.join("\n    "),
      }),
    );
  }
  return ref;
}

/** What a bottle or agent writes that its agent program cannot be given, each at its place. */
export function findProviderProblems({ bottle, agent, facts }: ProviderInput): readonly Problem[] {
  const { provider } = facts;
  const program = provider?.title ?? "a shell";
  const unused = (key: WrittenKey, hint: string): Problem =>
    makeProblem(key, `${quote(key.path)} has no use for ${program}`, hint);
  const ofBottle = bottle.written.flatMap((key): readonly Problem[] => {
    if (provider === undefined && SHELL_HAS_NO.has(key.path)) {
      return [unused(key, "name the agent program: template: claude, or remove the key")];
    }
    if (provider?.needsCredential === false && key.path === "agent_provider.auth_token") {
      return [unused(key, "remove it, or add `credential` to the provider's file")];
    }
    const variable = provider?.variables.find((name) => key.path === `env.${name}`);
    if (variable === undefined) return [];
    const message = `${variable} is where ${program} takes its credential from: what stands here can be read inside`;
    return [makeProblem(key, message, "remove it, and write its source as agent_provider.auth_token")];
  });
  const ofAgent = (agent?.written ?? []).filter(({ path }) => path === "skills" && provider?.takesSkills !== true);
  const ofRoutes = bottle.egress.routes
    .filter(({ host }) => provider?.hosts.includes(host))
    .map(({ host, at }) => {
      const message = `${quote(host)} is routed by the provider of ${program}, with its credential`;
      return makeProblem({ ...at, column: 1 }, message, "remove this route");
    });
  return [
    ...ofBottle,
    ...ofAgent.map((key) => unused(key, "remove them, or run it with an agent program")),
    ...ofRoutes,
  ];
}

const SHELL_HAS_NO: ReadonlySet<string> = new Set([
  "agent_provider.auth_token",
  "agent_provider.settings",
  "agent_provider.program",
]);

function makeProblem(
  { file, line, column }: Pick<WrittenKey, "file" | "line" | "column">,
  message: string,
  hint: string,
): Problem {
  return { severity: "error", file, line, column, code: "manifest/bad-value", message, hint };
}

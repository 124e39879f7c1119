import { decideEnvName } from "../env-name.ts";
import { isFramingHeader, isHeaderName } from "../header-name.ts";
import { parseHostPattern } from "../host-pattern.ts";
import { quote } from "../quote.ts";
import type { WrittenProvider } from "../written/provider.ts";
import type { KeyPath } from "../yaml-source.ts";
import { checkHostPath } from "./check-reference.ts";
import type { Report, Rule, RuleFacts } from "./rule.ts";

/** Everything that must hold in a provider beyond its shape. */
export const PROVIDER_RULES: readonly Rule<WrittenProvider>[] = [
  programIsAbsolute,
  commandsCanBeRun,
  variablesCanBeSet,
  hostsAreExact,
  credentialHasAPlace,
  filesStayBelowHome,
];

function programIsAbsolute(written: WrittenProvider, report: Report, facts: RuleFacts): void {
  if (written.program !== undefined) checkHostPath(written.program, ["program"], report, facts);
}

function commandsCanBeRun(written: WrittenProvider, report: Report): void {
  for (const key of ["command", "headless"] as const) {
    const words = written[key] ?? [];
    if (words[0] === "") report.value([key], "manifest/bad-value", "the command has no program");
    if (words.some((word) => word.includes("\0"))) {
      report.value([key], "manifest/bad-value", "the command has a zero byte in it", "remove it");
    }
  }
}

function variablesCanBeSet(written: WrittenProvider, report: Report): void {
  const names: (readonly [string, KeyPath])[] = Object.keys(written.env ?? {}).map((name) => [name, ["env", name]]);
  if (written.credential !== undefined) names.push([written.credential.variable, ["credential", "variable"]]);
  for (const [name, path] of names) {
    const decided = decideEnvName(name);
    if (decided.kind === "refused")
      report.value(path, "manifest/bad-env", `${quote(name)} ${decided.why}`, decided.hint);
  }
  for (const [name, value] of Object.entries(written.env ?? {})) {
    if (!value.includes("\0")) continue;
    report.value(["env", name], "manifest/bad-env", `the value of ${quote(name)} has a zero byte in it`, "remove it");
  }
}

function hostsAreExact(written: WrittenProvider, report: Report): void {
  for (const [index, text] of (written.hosts ?? []).entries()) {
    const host = parseHostPattern(text);
    const path = ["hosts", index];
    if (host.kind === "refused") report.value(path, "manifest/bad-host", `${quote(text)} ${host.why}`, host.hint);
    else if (host.host.startsWith("*")) {
      report.value(path, "manifest/bad-host", `${quote(text)} is not one name`, "name each host");
    }
  }
}

function credentialHasAPlace({ credential, hosts }: WrittenProvider, report: Report): void {
  if (credential === undefined) return;
  if ((hosts ?? []).length === 0) {
    report.value(
      ["credential"],
      "manifest/missing-key",
      "the credential is sent to no host",
      "add hosts: [api.example.com]",
    );
  }
  const path = ["credential", "name"];
  if (credential.scheme !== "header") {
    if (credential.name === undefined) return;
    report.key(path, "manifest/bad-header", "a name is only for scheme: header", "remove it");
  } else if (credential.name === undefined) {
    const message = "scheme: header needs the header's name";
    report.value(["credential"], "manifest/missing-key", message, "add name: x-api-key");
  } else if (!isHeaderName(credential.name) || isFramingHeader(credential.name)) {
    const why = `${quote(credential.name)} cannot carry a credential`;
    report.value(path, "manifest/bad-header", why, "name the header the service asks for: x-api-key");
  }
}

/** What every bottle finds in its home folder anyway. */
const TAKEN = [".bashrc", ".profile", ".gitconfig", "workspace"];

function filesStayBelowHome(written: WrittenProvider, report: Report): void {
  const paths: (readonly [string, KeyPath])[] = Object.keys(written.files ?? {}).map((path) => [path, ["files", path]]);
  for (const key of ["instructions", "skills"] as const) {
    const path = written[key];
    if (path !== undefined) paths.push([path, [key]]);
  }
  for (const [index, [path, at]] of paths.entries()) {
    if (!isBelowHome(path)) {
      const hint = "write it relative to home, such as .config/agent/settings.json";
      report.value(at, "manifest/bad-path", `${quote(path)} is no path below the bottle's home folder`, hint);
      continue;
    }
    const earlier = [...TAKEN, ...paths.slice(0, index).map(([other]) => other)];
    const other = earlier.find((one) => collide(one, path));
    if (other === undefined) continue;
    report.value(
      at,
      "manifest/bad-path",
      `${quote(path)} and ${quote(other)} are in each other's way`,
      "choose another path",
    );
  }
}

function isBelowHome(path: string): boolean {
  if (!/^[^/~\p{Cc}][^\p{Cc}]*$/u.test(path)) return false;
  return path.split("/").every((part) => !["", ".", ".."].includes(part));
}

/** The same path, or one that would have to be a folder for the other. */
function collide(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}

import { LONGEST_DURATION_MS, parseDuration } from "../duration.ts";
import { parseEnvEntry } from "../env-entry.ts";
import { decideEnvName } from "../env-name.ts";
import { isInRepository } from "../host-path.ts";
import { NAME_PATTERN, NAME_RULE } from "../name.ts";
import { isProgramWord } from "../program-word.ts";
import { quote } from "../quote.ts";
import { parseRemoteUrl } from "../remote-url.ts";
import type { WrittenBottle } from "../written/bottle.ts";
import { checkHostPath, checkSecretRef } from "./check-reference.ts";
import { ROUTE_RULES } from "./route-rules.ts";
import type { Report, Rule, RuleFacts } from "./rule.ts";

/** Everything that must hold in a bottle beyond its shape. */
export const BOTTLE_RULES: readonly Rule<WrittenBottle>[] = [
  envNamesCanBeSet,
  envValuesCanBePassedOn,
  providerReferencesAreClear,
  commandsCanBeRun,
  reposHaveNames,
  repoUrlsAreSafe,
  repoCredentialsFitTheUrl,
  timeFitsATimer,
  patternsStayInside,
  ...ROUTE_RULES,
];

const HOST_KEY = /^(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)|sk-[a-z0-9@.-]+) [A-Za-z0-9+/]+=*( [\x20-\x7e]*)?$/;

function envNamesCanBeSet(written: WrittenBottle, report: Report): void {
  for (const name of Object.keys(written.env ?? {})) {
    const decided = decideEnvName(name);
    if (decided.kind === "refused") {
      report.key(["env", name], "manifest/bad-env", `${quote(name)} ${decided.why}`, decided.hint);
    }
  }
}

function envValuesCanBePassedOn(written: WrittenBottle, report: Report): void {
  for (const [name, value] of Object.entries(written.env ?? {})) {
    const path = ["env", name];
    const entry = parseEnvEntry(name, value);
    if (value.includes("\0")) {
      report.value(path, "manifest/bad-env", `the value of ${quote(name)} has a zero byte in it`, "remove it");
    } else if (entry.kind === "prompt" && entry.question === "") {
      report.value(
        path,
        "manifest/bad-env",
        `the question for ${quote(name)} is empty`,
        "write it: ?Token for the API",
      );
    } else if (entry.kind === "literal" && /\$\{[^}]*\}/.test(value)) {
      report.warning(
        path,
        "manifest/env-literal",
        `the value of ${quote(name)} is taken as it is; only a whole \${NAME} comes from the host`,
        "set the complete value in a host variable and refer to that",
      );
    }
  }
}

function providerReferencesAreClear(written: WrittenBottle, report: Report, facts: RuleFacts): void {
  const { auth_token, dockerfile, program } = written.agent_provider ?? {};
  if (auth_token !== undefined) checkSecretRef(auth_token, ["agent_provider", "auth_token"], report, facts);
  if (program !== undefined && !isProgramWord(program)) {
    checkHostPath(program, ["agent_provider", "program"], report, facts);
  }
  if (dockerfile !== undefined && !isInRepository(dockerfile)) {
    checkHostPath(dockerfile, ["agent_provider", "dockerfile"], report, facts);
  }
}

function commandsCanBeRun(written: WrittenBottle, report: Report): void {
  const command = written.agent_provider?.command;
  if (command === undefined) return;
  const path = ["agent_provider", "command"];
  if (command[0] === "") report.value(path, "manifest/bad-value", "the command has no program");
  if (command.some((part) => part.includes("\0"))) {
    report.value(path, "manifest/bad-value", "the command has a zero byte in it", "remove it");
  }
}

function reposHaveNames(written: WrittenBottle, report: Report): void {
  for (const name of Object.keys(written["git-gate"]?.repos ?? {})) {
    if (NAME_PATTERN.test(name)) continue;
    report.key(["git-gate", "repos", name], "manifest/bad-name", `${quote(name)} cannot name a repository`, NAME_RULE);
  }
}

function repoUrlsAreSafe(written: WrittenBottle, report: Report): void {
  for (const [name, repo] of Object.entries(written["git-gate"]?.repos ?? {})) {
    const url = parseRemoteUrl(repo.url);
    if (url.kind !== "refused") continue;
    report.value(["git-gate", "repos", name, "url"], "manifest/bad-url", `the address ${url.why}`, url.hint);
  }
}

function repoCredentialsFitTheUrl(written: WrittenBottle, report: Report, facts: RuleFacts): void {
  for (const [name, repo] of Object.entries(written["git-gate"]?.repos ?? {})) {
    const path = ["git-gate", "repos", name];
    const url = parseRemoteUrl(repo.url);
    if (repo.key !== undefined) checkHostPath(repo.key, [...path, "key"], report, facts);
    if (repo.token_ref !== undefined) checkSecretRef(repo.token_ref, [...path, "token_ref"], report, facts);
    if (repo.host_key !== undefined && !HOST_KEY.test(repo.host_key)) {
      const hint = "copy one line of `ssh-keyscan HOST`, without the host, after comparing its fingerprint";
      report.value([...path, "host_key"], "manifest/bad-value", "this is not a server's public key", hint);
    }
    if (url.kind === "refused") continue;
    const unused = url.kind === "ssh" ? ["token_ref" as const] : (["key", "host_key"] as const);
    for (const key of url.kind === "file" ? (["key", "host_key", "token_ref"] as const) : unused) {
      if (repo[key] === undefined) continue;
      report.key(
        [...path, key],
        "manifest/bad-url",
        `${quote(key)} has no use with this url`,
        "remove it, or change url",
      );
    }
  }
}

function timeFitsATimer(written: WrittenBottle, report: Report): void {
  const time = written.resources?.time;
  if (time === undefined || (parseDuration(time) ?? 0) <= LONGEST_DURATION_MS) return;
  report.value(["resources", "time"], "manifest/bad-size", `${quote(time)} is too long`, "the longest is 24d");
}

function patternsStayInside(written: WrittenBottle, report: Report): void {
  for (const list of ["exclude", "include"] as const) {
    for (const [index, pattern] of (written.workspace?.[list] ?? []).entries()) {
      if (!/^[/~]|(^|\/)\.\.(\/|$)|\p{Cc}/u.test(pattern)) continue;
      const hint = "write it relative to the workspace, such as docs/**/*.pdf";
      report.value(
        ["workspace", list, index],
        "manifest/bad-path",
        `${quote(pattern)} leads out of the workspace`,
        hint,
      );
    }
  }
}

import { containsPath, parseHostPath } from "../host-path.ts";
import { parseHostPattern } from "../host-pattern.ts";
import { quote } from "../quote.ts";
import { parseSocketAddress } from "../socket-address.ts";
import type { WrittenConfig } from "../written/config.ts";
import { checkHostPath } from "./check-reference.ts";
import type { Report, Rule, RuleFacts } from "./rule.ts";

/** Everything that must hold in the machine-wide file beyond its shape. */
export const CONFIG_RULES: readonly Rule<WrittenConfig>[] = [
  extraCaIsAbsolute,
  proxyIsAnOrigin,
  namesResolveToAddresses,
  toolsBringInNoHome,
  registryIsPinned,
];

function extraCaIsAbsolute(written: WrittenConfig, report: Report, facts: RuleFacts): void {
  if (written.extra_ca !== undefined) checkHostPath(written.extra_ca, ["extra_ca"], report, facts);
}

function proxyIsAnOrigin(written: WrittenConfig, report: Report): void {
  const text = written.upstream_proxy;
  if (text === undefined) return;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const path = ["upstream_proxy"];
  if (url === undefined || url.protocol !== "http:") {
    report.value(path, "manifest/bad-url", "this is not a proxy's address", "write http://HOST:PORT");
  } else if (url.username !== "" || url.password !== "") {
    report.value(path, "manifest/bad-url", "credentials of a proxy are not kept in a file", "remove the part before @");
  } else if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    report.value(path, "manifest/bad-url", "a proxy has no path", `write ${url.origin}`);
  }
}

function namesResolveToAddresses(written: WrittenConfig, report: Report): void {
  for (const [name, address] of Object.entries(written.resolve ?? {})) {
    const host = parseHostPattern(name);
    if (host.kind === "refused") {
      report.key(["resolve", name], "manifest/bad-host", `${quote(name)} ${host.why}`, host.hint);
    } else if (host.host.startsWith("*")) {
      report.key(["resolve", name], "manifest/bad-host", `${quote(name)} is not one name`, "name each host");
    }
    if (parseSocketAddress(address) !== undefined) continue;
    const hint = "write 127.0.0.1:4873 or [::1]:4873";
    report.value(["resolve", name], "manifest/bad-value", `${quote(address)} is not an ADDRESS:PORT`, hint);
  }
}

function toolsBringInNoHome(written: WrittenConfig, report: Report, facts: RuleFacts): void {
  for (const [index, tool] of (written.tools ?? []).entries()) {
    checkHostPath(tool, ["tools", index], report, facts);
    const folder = parseHostPath(tool, facts.userHome);
    if (folder === undefined || !containsPath(folder, facts.userHome)) continue;
    const why = `${quote(tool)} would bring your home folder into every bottle`;
    report.value(
      ["tools", index],
      "manifest/bad-path",
      why,
      "name the toolchain's own folder, such as ~/.nvm/versions",
    );
  }
}

const PINNED_IMAGE = /^(?:[a-z0-9][a-z0-9._:/-]{0,255}@)?sha256:[0-9a-f]{64}$/;

/** A name alone may mean another content tomorrow. */
function registryIsPinned(written: WrittenConfig, report: Report): void {
  const text = written.registry_image;
  if (text === undefined || PINNED_IMAGE.test(text)) return;
  const why = `${quote(text)} does not say which content it means`;
  report.value(["registry_image"], "manifest/bad-value", why, "write NAME@sha256:DIGEST, or an image's id: sha256:ID");
}

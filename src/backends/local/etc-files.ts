import { copyFileSync, existsSync, lstatSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { GuestLayout } from "../../plan/plan.ts";
import type { GuestFile } from "../backend.ts";
import type { HostView } from "./host-view.ts";

/** Files of the host's `/etc` that programs expect and that hold nothing of the host's own. */
const COPIED = ["ld.so.cache", "services", "protocols", "mime.types", "ssl/openssl.cnf"];

const JAVA_SECURITY = /^\/etc\/java-[0-9]+-openjdk\/security$/;

/** The `/etc` of a bottle: our own text for everything that names users, hosts or name servers. */
export function renderEtcFiles(layout: GuestLayout, shell: string): ReadonlyMap<string, string> {
  const { user, uid, gid, home, hostname } = layout;
  return new Map([
    [
      "passwd",
      [
        "root:x:0:0:root:/root:/usr/sbin/nologin",
        `${user}:x:${uid}:${gid}:${user}:${home}:${shell}`,
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin",
        "",
      ].join("\n"),
    ],
    ["group", `root:x:0:\n${user}:x:${gid}:\nnogroup:x:65534:\n`],
    ["hosts", `127.0.0.1 localhost ${hostname}\n::1 localhost\n`],
    ["hostname", `${hostname}\n`],
    ["resolv.conf", "# this bottle has no resolver\n"],
    ["nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\nservices: files\nprotocols: files\n"],
    ["shells", "/bin/sh\n/bin/bash\n"],
  ]);
}

/**
 * Fills a folder that becomes `/etc`: our own files, a few harmless ones of the host, places for its bound folders, and
 * what the guest is given.
 */
export function writeEtcFolder(folder: string, layout: GuestLayout, host: HostView, files: readonly GuestFile[]): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  for (const { path, content } of files) writeInto(folder, path, content);
  for (const [name, text] of renderEtcFiles(layout, host.shell)) writeFileSync(join(folder, name), text);
  for (const path of host.etcFolders) mkdirSync(join(folder, relative("/etc", path)), { recursive: true });
  for (const name of COPIED) copyIfThere(join("/etc", name), join(folder, name));
  for (const path of host.etcFolders.filter((one) => JAVA_SECURITY.test(one))) copySettings(dirname(path), folder);
  copyIfThere(resolveTimeZone(), join(folder, "localtime"));
}

function writeInto(folder: string, path: string, content: string | Uint8Array): void {
  const inside = relative("/etc", path);
  if (inside.startsWith("..")) throw new Error(`${path} is not below /etc`);
  mkdirSync(dirname(join(folder, inside)), { recursive: true });
  writeFileSync(join(folder, inside), content);
}

/** The settings that lie in a folder of the host's `/etc`, not those in folders below it. */
function copySettings(from: string, folder: string): void {
  const names = readdirSync(from).filter((name) => /\.(?:cfg|properties)$/.test(name));
  for (const name of names) copyIfThere(join(from, name), join(folder, relative("/etc", from), name));
}

function resolveTimeZone(): string {
  // copying through the link would read whatever it points at; a link that is not a time zone is not followed
  const isLink = lstatSync("/etc/localtime", { throwIfNoEntry: false })?.isSymbolicLink() === true;
  const target = isLink ? readlinkSync("/etc/localtime") : "";
  return target.includes("/zoneinfo/") ? "/etc/localtime" : "/usr/share/zoneinfo/UTC";
}

function copyIfThere(from: string, to: string): void {
  if (!existsSync(from)) return;
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

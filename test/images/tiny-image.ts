import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBase36 } from "../../src/base/ids.ts";
import { type ImageId, parseImageId } from "../../src/images/image-id.ts";

/** A small image of two different layers and one twice, whose program says a word that no other image says. */
export type TinyImage = { readonly name: string; readonly id: ImageId; readonly word: string; close(): void };

/** Runs a program, and gives back what it prints. */
export function sh(file: string, ...args: readonly string[]): string {
  return execFileSync(file, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], maxBuffer: 64 * 1024 * 1024 });
}

/** Builds one on the machine's engine. */
export function buildTinyImage(): TinyImage {
  const folder = mkdtempSync(join(tmpdir(), "bottle-tiny-"));
  const word = randomBase36(12);
  const name = `bot-bottle-test/tiny-${word}`;
  try {
    writeFileSync(join(folder, "say.c"), `#include <stdio.h>\nint main(void) { puts("${word}"); return 0; }\n`);
    sh("gcc", "-static", "-o", join(folder, "say"), join(folder, "say.c"));
    writeFileSync(join(folder, "word"), word);
    const lines = ["FROM scratch", "COPY say /say", "COPY word /word", "COPY word /word", 'ENTRYPOINT ["/say"]'];
    writeFileSync(join(folder, "Dockerfile"), `${lines.join("\n")}\n`);
    sh("docker", "build", "--quiet", "--tag", `${name}:latest`, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const id = parseImageId(sh("docker", "image", "inspect", "--format", "{{.Id}}", name));
  if (id === undefined) throw new Error("the engine gave no id");
  return { name: `${name}:latest`, id, word, close: () => void sh("docker", "image", "rm", "--force", name) };
}

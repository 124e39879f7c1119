// What `tsc` leaves to do: data files beside the code, and the commands made executable.
import { chmodSync, cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const [src, dist] = [join(root, "src"), join(root, "dist")];

for (const entry of readdirSync(src, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || entry.name.endsWith(".ts")) continue;
  const from = join(entry.parentPath, entry.name);
  cpSync(from, join(dist, relative(src, from)));
}
// A file whose source is gone must not be shipped.
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !entry.name.endsWith(".js")) continue;
  const built = join(entry.parentPath, entry.name);
  const source = join(src, relative(dist, built));
  if (!existsSync(source) && !existsSync(source.replace(/\.js$/, ".ts"))) rmSync(built);
}
chmodSync(join(dist, "main.js"), 0o755);

// `npm run demo`: sets up the machine, then shows a scripted agent misbehaving in a real bottle.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT, setUp } from "./setup.mjs";

setUp();
const demo = [join(ROOT, "dist/main.js"), "demo", ...process.argv.slice(2)];
process.exit(spawnSync(process.execPath, demo, { stdio: "inherit" }).status ?? 1);

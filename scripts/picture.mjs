// Makes a picture (SVG) of what a command prints: node scripts/picture.mjs OUT.svg TITLE [BAR] -- COMMAND ARGS
// BAR is the title of the terminal.
// Only colours and bold are drawn; the text is the command's own, nothing is retouched.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";

const dashes = process.argv.indexOf("--");
const [out, title, bar = ""] = process.argv.slice(2, dashes);
const [file, ...args] = process.argv.slice(dashes + 1);
const result = spawnSync(file, args, { encoding: "utf8", env: { ...process.env, FORCE_COLOR: "1" } });
if (result.status !== 0) throw new Error(`${file} ended with ${result.status}: ${result.stderr}`);

const COLORS = {
  30: "#45475a",
  31: "#f38ba8",
  32: "#a6e3a1",
  33: "#f9e2af",
  34: "#89b4fa",
  35: "#cba6f7",
  36: "#94e2d5",
  37: "#cdd6f4",
  90: "#7f849c",
};
const [CHAR, LINE, PAD, TOP] = [8.43, 19, 18, 44];
const lines = `$ ${title}\n${result.stdout}`.trimEnd().split("\n");
const width = Math.ceil(Math.max(...lines.map((line) => plain(line).length)) * CHAR) + 2 * PAD;
const height = lines.length * LINE + TOP + PAD;

const rows = lines.map(
  (line, index) => `<text x="${PAD}" y="${TOP + index * LINE + 14}" xml:space="preserve">${spans(line)}</text>`,
);
writeFileSync(
  out,
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-monospace,SFMono-Regular,Menlo,DejaVu Sans Mono,monospace" font-size="14" fill="#cdd6f4">
<rect width="100%" height="100%" rx="10" fill="#1e1e2e"/>
<circle cx="22" cy="20" r="6" fill="#f38ba8"/><circle cx="42" cy="20" r="6" fill="#f9e2af"/><circle cx="62" cy="20" r="6" fill="#a6e3a1"/>
<text x="50%" y="25" text-anchor="middle" font-size="12" fill="#7f849c">${escapeXml(bar)}</text>
${rows.join("\n")}
</svg>
`,
);

function spans(line) {
  let [color, bold] = [undefined, false];
  return line
    .split(/(\x1b\[[0-9;]*m)/)
    .map((part) => {
      const codes = part.match(/^\x1b\[([0-9;]*)m$/)?.[1];
      if (codes === undefined)
        return part === ""
          ? ""
          : `<tspan${color ? ` fill="${color}"` : ""}${bold ? ' font-weight="bold"' : ""}>${escapeXml(part)}</tspan>`;
      const numbers = codes.split(";").map(Number);
      while (numbers.length > 0) {
        const code = numbers.shift();
        if (code === 38 || code === 48) {
          const found = takeColor(numbers);
          if (code === 38) color = found;
          continue;
        }
        if (code === 0) [color, bold] = [undefined, false];
        if (code === 1) bold = true;
        if (code === 2) color = COLORS[90];
        if (code === 22) [color, bold] = [color === COLORS[90] ? undefined : color, false];
        if (code === 39) color = undefined;
        if (COLORS[code] !== undefined) color = COLORS[code];
      }
      return "";
    })
    .join("");
}

/** The colour behind 38 or 48: an index of 256, or red, green and blue. */
function takeColor(numbers) {
  if (numbers.shift() === 2) return `rgb(${numbers.splice(0, 3).join(",")})`;
  const index = numbers.shift() ?? 0;
  if (index < 16) return COLORS[index < 8 ? 30 + index : index === 8 ? 90 : 22 + index] ?? COLORS[37];
  if (index >= 232) return `rgb(${Array(3).fill(8 + (index - 232) * 10)})`;
  const steps = [0, 95, 135, 175, 215, 255];
  const cube = index - 16;
  return `rgb(${[Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((at) => steps[at])})`;
}

function plain(line) {
  return line.replaceAll(/\x1b\[[0-9;]*m/g, "");
}

function escapeXml(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

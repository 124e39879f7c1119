import { makeChannels } from "../base/channels.ts";
import { type Frame, makeFrameReader, renderFrame } from "../base/frames.ts";
import { type Filler, openFiller } from "./filler.ts";
import { findOtherWays } from "./find-other-ways.ts";
import { listenInside } from "./listen-inside.ts";
import { parseStart, type Start } from "./start-message.ts";
import { signalInside, watchCommand } from "./watch-command.ts";

// The main process of a container. It unpacks the home folder, answers at the ports of the link and passes their bytes on,
// and ends the container with itself when the process outside is gone. Nothing in a bottle relies on its honesty: what it
// can do, every process inside can.

const reader = makeFrameReader();
const write = (bytes: Buffer) => void process.stdout.write(bytes);
const channels = makeChannels({ write, connect: () => undefined });
const fillers: Filler[] = [];

process.stdin.on("data", (chunk: Buffer) => {
  for (const frame of reader.push(chunk)) take(frame);
});
process.stdin.once("end", () => process.exit(0));
process.stdin.once("error", () => process.exit(0));
process.stdout.once("error", () => process.exit(0));
// an agent that ends this process ends its bottle, and is not spared by what it sends first
for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) process.once(signal, () => process.exit(0));

function take(frame: Frame): void {
  const { kind, channel, payload } = frame;
  if (kind === "start") begin(parseStart(payload.toString("utf8")));
  else if (kind === "fill") fillers[channel]?.push(payload);
  else if (kind === "signal") signalInside(payload.toString("utf8"));
  else if (kind === "watch") watchCommand(payload.toString("utf8"));
  else channels.take(frame);
}

function begin(start: Start): void {
  const { stdin } = process;
  fillers.push(
    ...start.fill.map((folder) =>
      openFiller(
        folder,
        () => stdin.pause(),
        () => stdin.resume(),
      ),
    ),
  );
  const listening = listenInside(start, (port, connection) => channels.open(port, connection));
  const filled = Promise.all(fillers.map(({ done }) => done));
  Promise.all([listening, findOtherWays(start.ports), filled]).then(
    ([link, ways]) => tell(ways.length === 0 ? { link } : { failed: `this also answers inside: ${ways.join(", ")}` }),
    (error: unknown) => tell({ failed: error instanceof Error ? error.message : "unknown" }),
  );
}

function tell(message: { readonly link: string } | { readonly failed: string }): void {
  const [[key = "", text = ""] = []] = Object.entries(message);
  write(renderFrame("ready", 0, Buffer.from(JSON.stringify({ [key]: text.slice(0, 4000) }))));
}

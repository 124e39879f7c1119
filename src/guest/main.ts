import { connect } from "node:net";
import type { Readable, Writable } from "node:stream";
import { makeChannels } from "../base/channels.ts";
import { type Frame, makeFrameReader, renderFrame } from "../base/frames.ts";
import { type Filler, openFiller } from "./filler.ts";
import { findOtherWays } from "./find-other-ways.ts";
import { listenInside } from "./listen-inside.ts";
import { makeLookForKills } from "./memory-kills.ts";
import { parseStart, type Start } from "./start-message.ts";
import { signalAll, signalInside, watchCommand } from "./watch-command.ts";

// The main process of a guest. It unpacks the home folder, answers at the ports of the link and passes their bytes on. In a
// container it speaks over its standard streams and ends the container with itself when the process outside is gone. In a
// machine it speaks over a socket, or over its streams where there can be none; when that is gone it ends everything else of
// its user, and the machine stays, so that the results can still be fetched. Nothing in a bottle relies on its honesty: what it can do, every process inside can.

const socket = process.argv[1];
if (socket === undefined) speak(process.stdin, process.stdout, () => process.exit(0));
else if (socket === "-") speakOverStreams();
else speakOverSocket(socket);
// an agent that ends this process ends its bottle, and is not spared by what it sends first
for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) process.once(signal, () => process.exit(0));

function speakOverSocket(path: string): void {
  const connection = connect({ path, allowHalfOpen: true });
  const stay = setInterval(() => {}, 2 ** 30);
  let isOver = false;
  speak(connection, connection, () => {
    if (isOver) return;
    isOver = true;
    stay.ref();
    endOthers(() => connection.destroy());
  });
}

function speakOverStreams(): void {
  let isOver = false;
  speak(process.stdin, process.stdout, () => {
    if (isOver) return;
    isOver = true;
    endOthers(() => process.exit(0));
  });
}

/** Ends everything that this process may; more than once, for what was about to start another. */
function endOthers(done: () => void, rounds = 5): void {
  signalAll("SIGKILL");
  setTimeout(() => (rounds === 1 ? done() : endOthers(done, rounds - 1)), 20);
}

function speak(input: Readable, output: Writable, end: () => void): void {
  const reader = makeFrameReader();
  const write = (bytes: Buffer) => void output.write(bytes);
  const channels = makeChannels({ write, connect: () => undefined });
  const fillers: Filler[] = [];
  const lookForKills = makeLookForKills(() => write(renderFrame("killed", 0)));

  const begin = (start: Start): void => {
    const listening = listenInside(start, (port, connection) => channels.open(port, connection));
    const looked = findOtherWays(start.ports, start.foreign); // answers come in while programs are started
    fillers.push(
      ...start.fill.map((folder) =>
        openFiller(
          folder,
          () => input.pause(),
          () => input.resume(),
        ),
      ),
    );
    const filled = Promise.all(fillers.map(({ done }) => done));
    Promise.all([listening, looked, filled]).then(
      ([link, ways]) => tell(ways.length === 0 ? { link } : { failed: `this also answers inside: ${ways.join(", ")}` }),
      (error: unknown) => tell({ failed: error instanceof Error ? error.message : "unknown" }),
    );
  };

  const tell = (message: { readonly link: string } | { readonly failed: string }): void => {
    const [[key = "", text = ""] = []] = Object.entries(message);
    write(renderFrame("ready", 0, Buffer.from(JSON.stringify({ [key]: text.slice(0, 4000) }))));
  };

  const take = (frame: Frame): void => {
    const { kind, channel, payload } = frame;
    if (kind === "start") begin(parseStart(payload.toString("utf8")));
    else if (kind === "fill") fillers[channel]?.push(payload);
    else if (kind === "signal") signalInside(payload.toString("utf8"));
    else if (kind === "watch") watchCommand(payload.toString("utf8"), lookForKills);
    else channels.take(frame);
  };

  input.on("data", (chunk: Buffer) => {
    for (const frame of reader.push(chunk)) take(frame);
  });
  input.once("end", end).once("error", end).once("close", end);
  output.once("error", end);
}

import { mkdirSync } from "node:fs";
import { startProcess } from "../base/process.ts";

/** Unpacks an archive that comes in pieces. */
export type Filler = {
  /** Takes a piece; an empty one ends the archive. Calls `pause`, and `resume` when there is room again. */
  push(piece: Buffer): void;
  /** Resolves when everything is in its place */
  readonly done: Promise<void>;
};

/** Starts to unpack into a folder, by the image's own tar: the one program that every image with a shell has. */
export function openFiller(folder: string, pause: () => void, resume: () => void): Filler {
  mkdirSync(folder, { recursive: true });
  const tar = startProcess(["tar", "-x", "-f", "-", "-C", folder], {
    env: process.env,
    stdio: ["pipe", "ignore", "pipe"],
  });
  const { stdin } = tar;
  if (stdin === null) throw new Error("a pipe was asked for");
  let words = "";
  tar.stderr?.on("data", (chunk: Buffer) => {
    words = (words + chunk.toString("utf8")).slice(-2000);
  });
  stdin.on("error", () => {}); // its exit tells; what still comes is for nobody
  const done = new Promise<void>((resolve, reject) => {
    tar.once("error", (error) => reject(new Error(`tar: ${error.message}`)));
    tar.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`tar: ${words.trim() || code}`))));
  });
  let isPaused = false;
  const goOn = () => {
    if (isPaused) resume();
    isPaused = false;
  };
  // a stream whose end was asked for tells no more of room: without the second, the last piece would stop everything for good
  stdin.on("drain", goOn).once("close", goOn);
  const push = (piece: Buffer) => {
    if (piece.length === 0) stdin.end();
    else if (!stdin.write(piece) && !stdin.destroyed) {
      isPaused = true;
      pause();
    }
  };
  return { push, done };
}

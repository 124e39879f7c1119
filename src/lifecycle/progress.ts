import type { Context } from "../base/context.ts";

const EVERY_MS = 1000;

/** Something that takes a while, as it is told. */
export type Progress = {
  /** Says that it is done; without a terminal only, where nothing else tells. */
  done(): void;
  /** Says no more, however it ended. */
  stop(): void;
};

/** Says what is being done, on a terminal with the seconds it takes so far. */
export function showProgress({ stderr, clock }: Pick<Context, "stderr" | "clock">, what: string): Progress {
  const started = clock.now().getTime();
  const seconds = () => Math.round((clock.now().getTime() - started) / 1000);
  if (stderr.isTTY !== true) {
    stderr.write(`bottle: ${what} …\n`);
    return { done: () => void stderr.write(`bottle: ${what}: done after ${seconds()} s\n`), stop: () => {} };
  }
  const draw = () => stderr.write(`\rbottle: ${what} … ${seconds()} s`);
  draw();
  const timer = setInterval(draw, EVERY_MS);
  return {
    done: () => {},
    stop: () => {
      clearInterval(timer);
      stderr.write("\r\x1b[K");
    },
  };
}

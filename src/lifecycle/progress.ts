import type { Context } from "../base/context.ts";

const EVERY_MS = 1000;

/** Says what is being done, on a terminal with the seconds it takes so far, until the returned function is called. */
export function showProgress({ stderr, clock }: Pick<Context, "stderr" | "clock">, what: string): () => void {
  const started = clock.now().getTime();
  const seconds = () => Math.round((clock.now().getTime() - started) / 1000);
  if (stderr.isTTY !== true) {
    stderr.write(`bottle: ${what} …\n`);
    return () => stderr.write(`bottle: ${what}: ${seconds()} s\n`);
  }
  const draw = () => stderr.write(`\rbottle: ${what} … ${seconds()} s`);
  draw();
  const timer = setInterval(draw, EVERY_MS);
  return () => {
    clearInterval(timer);
    stderr.write(`\r\x1b[K`);
  };
}

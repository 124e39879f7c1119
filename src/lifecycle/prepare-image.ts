import type { Backend, Prepared } from "../backends/backend.ts";
import type { Context } from "../base/context.ts";
import { showHarmlessly } from "../base/plain-text.ts";
import { makeStyle } from "../base/style.ts";
import type { PlannedImage } from "../plan/plan.ts";

/** A build that takes longer than this is shown; an unchanged one is over before */
const SHOWN_AFTER_MS = 700;

/** Starts to make the image of a bottle ready; a failure is told where it is waited for. */
export function prepareImage(context: Context, backend: Backend, image: PlannedImage | undefined): Promise<Prepared> {
  const prepared = buildShown(context, backend, image);
  prepared.catch(() => {}); // the steps until somebody waits for it must not end the program
  return prepared;
}

async function buildShown(context: Context, backend: Backend, image: PlannedImage | undefined): Promise<Prepared> {
  const { stderr, signal } = context;
  const style = makeStyle(stderr, context.env);
  const waiting: string[] = [];
  let isShown = false;
  const onWarning = (text: string) => void stderr.write(`bottle: warning: ${showHarmlessly(text)}\n`);
  const show = (line: string) => void stderr.write(`${style("faint", `image: ${showHarmlessly(line)}`)}\n`);
  const timer = setTimeout(() => {
    isShown = true;
    for (const line of waiting.splice(0)) show(line);
  }, SHOWN_AFTER_MS);
  const onLine = (line: string) => {
    const text = line.trimEnd();
    if (text === "") return;
    if (isShown) show(text);
    else waiting.push(text);
  };
  try {
    return await backend.prepare(image && { ...image, args: {} }, { signal, onLine, onWarning });
  } finally {
    clearTimeout(timer);
  }
}

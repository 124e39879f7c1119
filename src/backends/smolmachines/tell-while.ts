const TOLD_EVERY_MS = 5000;

/** Does something that takes a while; what it says it does is said again, with the seconds, as long as it does it. */
export async function tellWhile<T>(
  onLine: ((line: string) => void) | undefined,
  work: (tell: (what: string) => void) => Promise<T>,
): Promise<T> {
  let what = "";
  let began = performance.now();
  const say = () => {
    if (what !== "") onLine?.(`${what} … ${Math.round((performance.now() - began) / 1000)} s`);
  };
  const timer = setInterval(say, TOLD_EVERY_MS);
  try {
    return await work((next) => {
      what = next;
      began = performance.now();
      say();
    });
  } finally {
    clearInterval(timer);
  }
}

/** Whether something settles well within a time, `ms`; what fails is the caller's to hear. */
export async function isSettledWithin(what: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const settled = await Promise.race([what.then(() => true), late]);
  clearTimeout(timer);
  return settled;
}

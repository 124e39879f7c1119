import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { BottleError } from "../../base/errors.ts";
import { randomBase36 } from "../../base/ids.ts";
import { parseJsonObject } from "../../base/parse-json.ts";
import type { Scope } from "../../base/scope.ts";
import { removeContainer } from "../containers.ts";
import { type Engine, mustRun } from "../engine.ts";
import { type ImageId, shortImageId } from "../image-id.ts";

/** A registry in a container, for as long as a hand-over lasts. */
export type PushRegistry = {
  /** Image of the registry, by its digest */
  readonly image: string;
  /** Labels of its container, by which a clean-up finds one whose process was killed */
  readonly labels: readonly string[];
};

const PORT = 5000;
const PULL_DEADLINE_MS = 10 * 60_000;
const PUSH_DEADLINE_MS = 30 * 60_000;
const ANSWER_DEADLINE_MS = 15_000;
const POLL_MS = 50;

/**
 * Starts a registry on a loopback port of the engine's choice and pushes an image into it; what a client on this machine
 * pulls. Container and name are removed with the scope. Throws `image/…` where the engine's loopback is not ours.
 */
export async function pushToRegistry(
  engine: Engine,
  { image, labels }: PushRegistry,
  id: ImageId,
  signal: AbortSignal | undefined,
  scope: Scope,
): Promise<string> {
  const stopping = signal === undefined ? {} : { signal };
  const isPodman = await requireOwnLoopback(engine);
  const name = `bot-bottle-registry-${randomBase36(8)}`;
  scope.defer(`remove the container ${name}`, () => removeContainer(engine, name));
  await mustRun(
    engine,
    "the registry cannot be started",
    [
      ...["run", "--detach", "--pull", "missing", "--name", name, ...labels.flatMap((label) => ["--label", label])],
      ...["--security-opt", "no-new-privileges", "--publish", `127.0.0.1::${PORT}`, image],
    ],
    { timeoutMs: PULL_DEADLINE_MS, ...stopping },
  );
  const published = await mustRun(engine, "the registry has no port", ["port", name, `${PORT}/tcp`]);
  const [, port] = /^127\.0\.0\.1:(\d+)$/m.exec(published) ?? [];
  if (port === undefined) throw failed(`the registry has no port of the loopback: ${published}`);
  await waitForAnswer(`http://127.0.0.1:${port}/v2/`, signal);
  const reference = `127.0.0.1:${port}/bot-bottle/handed-over:${shortImageId(id)}`;
  await mustRun(engine, "the image cannot be named for the registry", ["tag", id, reference]);
  scope.defer(`remove the name ${reference}`, async () => void (await engine.run(["rmi", reference])));
  const insecure = isPodman ? ["--tls-verify=false"] : [];
  await mustRun(engine, "the image cannot be pushed", ["push", ...insecure, reference], {
    timeoutMs: PUSH_DEADLINE_MS,
    ...stopping,
  });
  return reference;
}

/** Whether the engine is podman. An engine in a virtual machine pushes to the loopback of that, where nothing of ours listens. */
async function requireOwnLoopback(engine: Engine): Promise<boolean> {
  const text = await mustRun(engine, "the engine cannot be asked", ["info", "--format", "{{json .}}"]);
  const info = parseJsonObject(text);
  if (info?.["OperatingSystem"] === "Docker Desktop") {
    throw failed("Docker Desktop runs in a virtual machine, whose loopback it pushes to, and not that of this machine");
  }
  return info?.["host"] !== undefined;
}

async function waitForAnswer(url: string, signal: AbortSignal | undefined): Promise<void> {
  const deadline = performance.now() + ANSWER_DEADLINE_MS;
  while (!(await answers(url))) {
    signal?.throwIfAborted();
    if (performance.now() > deadline)
      throw failed(`the registry does not answer here at ${url}: the engine is elsewhere`);
    await sleep(POLL_MS);
  }
}

function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { timeout: 1000, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("error", () => resolve(false));
    request.on("timeout", () => request.destroy());
  });
}

function failed(why: string): BottleError {
  return new BottleError("image/hand-over-failed", why, {
    hint: "use --hand-over registry, which needs no push, or leave it out",
  });
}

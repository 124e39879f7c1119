import { type Engine, engineFailure, succeeded } from "./engine.ts";
import { type ImageId, parseImageId } from "./image-id.ts";

/** The content id behind a name, exactly that name; undefined when there is no such image. */
export async function findImage(engine: Engine, name: string): Promise<ImageId | undefined> {
  const { exit, stdout, stderr } = await engine.run(["image", "inspect", "--format", "{{.Id}}", name]);
  if (succeeded(exit)) return parseImageId(stdout.toString("utf8"));
  if (/no such image|image not known|No such object/i.test(stderr)) return undefined;
  throw engineFailure(engine, `whether there is an image ${name}`, stderr);
}

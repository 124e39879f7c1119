import { describe, test } from "vitest";
import { findBaseImage, openDockerBottle } from "../fixtures/docker-bottle.ts";
import { describeBackend } from "./backend-contract.ts";

const { id, why } = findBaseImage();

/** The ways over which a container's bytes can go; the last is what an engine elsewhere gets, which sees no file of ours. */
const LINKS = [
  ["over sockets", undefined],
  ["over streams", "streams"],
  ["with nothing mounted", "remote"],
] as const;

for (const [name, link] of LINKS) {
  if (id === undefined) describe(`contract of a backend: docker, ${name}`, () => test.skip(why, () => {}));
  else {
    describeBackend(`docker, ${name}`, (files) =>
      openDockerBottle({ files: files?.workspace ?? {}, home: files?.home ?? {}, setup: { link } }),
    );
  }
}

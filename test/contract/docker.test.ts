import { describe, test } from "vitest";
import { findBaseImage, openDockerBottle } from "../fixtures/docker-bottle.ts";
import { describeBackend } from "./backend-contract.ts";

const { id, why } = findBaseImage();

const TERMINAL = { columns: 100, rows: 30, term: "xterm" };

/**
 * The ways over which a container's bytes can go, of which the last is what an engine elsewhere gets, which sees no file of
 * ours; and what is known of the first command: nothing, that it has pipes, and what turns out to be wrong.
 */
const LINKS = [
  ["over sockets", undefined, {}],
  ["over streams", "streams", { first: { terminal: undefined } }],
  ["with nothing mounted", "remote", { first: { terminal: TERMINAL } }],
] as const;

for (const [name, link, known] of LINKS) {
  if (id === undefined) describe(`contract of a backend: docker, ${name}`, () => test.skip(why, () => {}));
  else {
    describeBackend(`docker, ${name}`, (files) =>
      openDockerBottle({
        files: files?.workspace ?? {},
        home: files?.home ?? {},
        setup: { link },
        change: (spec) => ({ ...spec, ...known }),
      }),
    );
  }
}

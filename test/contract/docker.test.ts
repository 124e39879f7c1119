import { describe, test } from "vitest";
import { findBaseImage, openDockerBottle } from "../fixtures/docker-bottle.ts";
import { describeBackend } from "./backend-contract.ts";

const { id, why } = findBaseImage();

const TERMINAL = { columns: 100, rows: 30, term: "xterm" };

/**
 * The ways over which a container's bytes can go, of which the last is what an engine elsewhere gets, which sees no file of
 * ours; how the engine is spoken to, at its socket or by its command; and what is known of the first command: nothing, that
 * it has pipes, and what turns out to be wrong.
 */
const WAYS = [
  ["over sockets", { link: undefined, calls: undefined }, {}],
  ["over streams", { link: "streams", calls: undefined }, { first: { terminal: undefined } }],
  ["by the command, over sockets", { link: undefined, calls: "command" }, { first: { terminal: undefined } }],
  ["by the command, with nothing mounted", { link: "remote", calls: "command" }, { first: { terminal: TERMINAL } }],
] as const;

for (const [name, setup, known] of WAYS) {
  if (id === undefined) describe(`contract of a backend: docker, ${name}`, () => test.skip(why, () => {}));
  else {
    describeBackend(`docker, ${name}`, (files) =>
      openDockerBottle({
        files: files?.workspace ?? {},
        home: files?.home ?? {},
        setup,
        change: (spec) => ({ ...spec, ...known }),
      }),
    );
  }
}

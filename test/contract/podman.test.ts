import { execFileSync } from "node:child_process";
import { run } from "../../src/base/process.ts";
import { openEngine } from "../../src/images/engine.ts";
import { BASE_IMAGE, openDockerBottle } from "../fixtures/docker-bottle.ts";
import { describeBackend } from "./backend-contract.ts";

// With BOTTLE_TEST_PODMAN=1 only. Its store must have the base image: `docker save IMAGE | podman load`.
const found = execFileSync("podman", ["image", "inspect", "--format", "{{.Id}}", BASE_IMAGE], { encoding: "utf8" });
const image = `sha256:${found.trim().replace(/^sha256:/, "")}`;
const engine = openEngine({ ...process.env, BOTTLE_DOCKER: "podman" }, run);

describeBackend("docker, on podman", (files) =>
  openDockerBottle({ image, files: files?.workspace ?? {}, home: files?.home ?? {}, setup: { engine } }),
);

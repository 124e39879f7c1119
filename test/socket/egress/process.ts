import { Scope } from "../../../src/base/scope.ts";
import { openWorld } from "./harness.ts";

/** A way out in a process of its own, to be killed; prints its port and the certificate to trust. */
const world = await openWorld(new Scope(), {});
console.log(JSON.stringify({ port: world.port, ca: world.ca.certificatePem }));

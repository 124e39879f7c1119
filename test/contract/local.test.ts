import { openTestBottle, WHO } from "../fixtures/local-bottle.ts";
import { describeBackend } from "./backend-contract.ts";

describeBackend(`local, as ${WHO}`, () => openTestBottle());

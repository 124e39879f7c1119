import { openTestBottle, WHO } from "../fixtures/local-bottle.ts";
import { describeBackend } from "./backend-contract.ts";

describeBackend(`local, as ${WHO}`, (files) =>
  openTestBottle({ files: files?.workspace ?? {}, home: files?.home ?? {} }),
);

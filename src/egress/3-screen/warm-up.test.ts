import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { makeRoute } from "../../../test/socket/egress/harness.ts";
import { compilePolicy } from "../2-route/compiled-policy.ts";
import { makeScreener, type Screener } from "./screener.ts";
import { warmUp } from "./warm-up.ts";

const [compiled] = compilePolicy(
  { routes: [{ route: makeRoute("api.example.com"), credential: undefined }] },
  undefined,
).routes;
if (compiled === undefined) throw new Error("no route");

const HERE_BYTES = 128 * 1024;

test("it searches here and on the thread, and finds nothing in what it searches", async () => {
  const screener = makeScreener([{ name: "KEY", value: "a-value-that-is-long-enough" }], () => false, []);
  const searched: { readonly what: string; readonly found: unknown }[] = [];
  const callOff = warmUp(
    {
      scan: async (bytes, route) => {
        const found = await screener.scan(bytes, route);
        searched.push({ what: bytes.length > HERE_BYTES ? "long" : "short", found });
        return found;
      },
      join: async (...said) => {
        const found = await screener.join(...said);
        searched.push({ what: "joined", found });
        return found;
      },
    },
    compiled,
  );
  await vi.waitFor(() => expect(searched.filter(({ what }) => what === "long")).toHaveLength(3), 15_000);
  expect(new Set(searched.map(({ what }) => what))).toEqual(new Set(["short", "joined", "long"]));
  expect(searched.flatMap(({ found }) => found ?? [])).toEqual([]);
  callOff();
  await screener.close();
});

test("called off, it does not begin; a failure is nobody's", async () => {
  const scan = vi.fn<Screener["scan"]>(async () => {
    throw new Error("closed");
  });
  const join = async () => undefined;
  warmUp({ scan, join }, compiled)();
  await sleep(100);
  expect(scan).not.toHaveBeenCalled();
  const callOff = warmUp({ scan, join }, compiled);
  await vi.waitFor(() => expect(scan).toHaveBeenCalledTimes(1));
  callOff();
});

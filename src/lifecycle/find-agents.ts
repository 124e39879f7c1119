import { join } from "node:path";
import type { Context } from "../base/context.ts";
import { folderExists } from "../base/files.ts";
import { PROVIDERS } from "../providers/find-provider.ts";

/** An agent program that a first bottle can be made for. */
export type FoundAgent = {
  readonly name: string;
  readonly title: string;
  /** Variable of this shell that holds its credential; undefined when none does */
  readonly variable: string | undefined;
  /** Whether it looks as if somebody used it on this machine */
  readonly isUsed: boolean;
  /** Lines that say where to get a credential */
  readonly advice: readonly string[];
};

/** The agent programs that come with this one, and what of each is already here; credentials are looked for by name only. */
export async function findAgents({ env, userHome }: Pick<Context, "env" | "userHome">): Promise<readonly FoundAgent[]> {
  return await Promise.all(
    PROVIDERS.map(async ({ name, title, forms, advice }) => ({
      ...{ name, title, advice },
      variable: forms.map(({ variable }) => variable).find((variable) => (env[variable] ?? "") !== ""),
      isUsed: await folderExists(join(userHome, `.${name}`)),
    })),
  );
}

import { X509Certificate } from "node:crypto";
import type { Context } from "../base/context.ts";
import { BottleError } from "../base/errors.ts";
import { readTextIfThere } from "../base/files.ts";
import { run } from "../base/process.ts";
import type { PolicyRoute } from "../egress/policy.ts";
import { hasWayOut } from "../plan/has-way-out.ts";
import type { BottlePlan } from "../plan/plan.ts";
import type { WardenSpec } from "../warden/spec.ts";
import { prepareGate } from "./prepare-gate.ts";
import { resolveCredentials } from "./resolve-credentials.ts";

/** The part of a plan that a warden holds, with its secrets, and what the operator should know about them. */
export type PreparedWarden = Pick<WardenSpec, "egress" | "git"> & { readonly warnings: readonly string[] };

const CONNECT_TIMEOUT_MS = 15_000;

/** Resolves what a plan's way out refers to; undefined for a bottle without one. Throws for everything that is missing. */
export async function prepareWarden(
  context: Context,
  plan: BottlePlan,
  agentRoutes: readonly PolicyRoute[],
  gitFolder: string,
): Promise<PreparedWarden | undefined> {
  if (!hasWayOut(plan) && plan.git.remotes.length === 0) return undefined;
  const needs = { env: context.env, userHome: context.userHome, run, ask: undefined, signal: context.signal };
  const [{ routes, warnings }, extraCaPem] = await Promise.all([
    resolveCredentials(plan.egress.routes, needs),
    readExtraCa(plan.config.extraCa),
  ]);
  const { resolve, upstreamProxy } = plan.config;
  const { log, limits } = plan.egress;
  const egress = {
    ...{ routes: [...agentRoutes, ...routes], resolve, extraCaPem, upstreamProxy, log, observe: plan.observe },
    limits: { ...limits, connectTimeoutMs: CONNECT_TIMEOUT_MS },
  };
  const gate = await prepareGate(context, plan, { folder: gitFolder, extraCaPem, needs });
  return { egress, git: gate?.policy, warnings: [...warnings, ...(gate?.warnings ?? [])] };
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates of the operator's file, checked before the first connection depends on them. */
async function readExtraCa(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const text = (await readTextIfThere(path)) ?? "";
  const certificates = text.match(CERTIFICATE) ?? [];
  try {
    for (const certificate of certificates) new X509Certificate(certificate);
  } catch (cause) {
    throw unusable(path, "holds something that is no certificate", cause);
  }
  if (certificates.length === 0) throw unusable(path, "holds no certificate, or is not there");
  return certificates.join("\n");
}

function unusable(path: string, why: string, cause?: unknown): BottleError {
  return new BottleError("file/not-usable", `extra_ca in config.yaml: ${path} ${why}`, {
    hint: "name a file of certificates in PEM: -----BEGIN CERTIFICATE-----",
    cause,
  });
}

import type { Detector } from "../../detect/finding.ts";
import type { PolicyRoute } from "../policy.ts";

/** The detectors that cost something to load, if a route asks for them. */
export async function loadDetectors(routes: readonly PolicyRoute[]): Promise<readonly Detector[]> {
  if (!routes.some(({ route }) => route.dlp.outboundDetectors?.includes("secretlint"))) return [];
  const { loadSecretlintDetector } = await import("../../detect/scan-secretlint.ts");
  return [await loadSecretlintDetector()];
}

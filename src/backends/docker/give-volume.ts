import type { Engine } from "../../images/engine.ts";
import { mustRun } from "../../images/engine.ts";
import type { GuestSpec } from "../backend.ts";
import type { ContainerParts } from "./args.ts";
import { renderVolumeLabels } from "./labels.ts";

/** Makes the volume of a home folder and gives it to whom it belongs, where the image does not say so itself. */
export async function giveVolume(engine: Engine, spec: GuestSpec, parts: Omit<ContainerParts, "name">): Promise<void> {
  const labels = renderVolumeLabels(spec.slug, parts.mark).flatMap((label) => ["--label", label]);
  await mustRun(engine, "the volume of the bottle cannot be made", ["volume", "create", ...labels, parts.volume]);
  await mustRun(engine, "the home folder of the bottle cannot be given to its user", [
    ...["run", "--rm", "--pull", "never", "--network", "none", "--user", "0:0", "--read-only", "--log-driver", "none"],
    ...["--cap-drop", "ALL", "--cap-add", "CHOWN", "--security-opt", "no-new-privileges"],
    ...["--mount", `type=volume,source=${parts.volume},target=${spec.layout.home}`],
    ...["--entrypoint", "chown", parts.image, parts.user, spec.layout.home],
  ]);
}

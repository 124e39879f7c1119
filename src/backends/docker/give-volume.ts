import type { Engine } from "../../images/engine.ts";
import { mustRun } from "../../images/engine.ts";
import type { GuestSpec } from "../backend.ts";
import { renderVolumeLabels } from "../labels.ts";
import type { ContainerParts } from "./container-form.ts";

/** Makes the volume of a home folder with its labels, where that cannot be done together with its container. */
export async function makeVolume(
  engine: Engine,
  spec: GuestSpec,
  { volume, mark }: Omit<ContainerParts, "name">,
): Promise<void> {
  const labels = renderVolumeLabels(spec.slug, mark).flatMap((label) => ["--label", label]);
  await mustRun(engine, "the volume of the bottle cannot be made", ["volume", "create", ...labels, volume]);
}

/** Gives a volume to whom it belongs, where the image does not say so itself. */
export async function giveVolume(engine: Engine, spec: GuestSpec, parts: Omit<ContainerParts, "name">): Promise<void> {
  await mustRun(engine, "the home folder of the bottle cannot be given to its user", [
    ...["run", "--rm", "--pull", "never", "--network", "none", "--user", "0:0", "--read-only", "--log-driver", "none"],
    ...["--cap-drop", "ALL", "--cap-add", "CHOWN", "--security-opt", "no-new-privileges"],
    ...["--mount", `type=volume,source=${parts.volume},target=${spec.layout.home}`],
    ...["--entrypoint", "chown", parts.image, parts.user, spec.layout.home],
  ]);
}

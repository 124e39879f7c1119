/**
 * Folders in which the programs that this one needs are looked for. Never the caller's `PATH`: package runners put folders
 * of the repository at hand at its front, and `direnv` and virtual environments do the same.
 */
export const SYSTEM_FOLDERS: readonly string[] = [
  ...["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"],
  ...["/opt/homebrew/bin", "/opt/local/bin", "/run/current-system/sw/bin", "/nix/var/nix/profiles/default/bin"],
];

/** The same folders as a `PATH`. */
export const SYSTEM_PATH: string = SYSTEM_FOLDERS.join(":");

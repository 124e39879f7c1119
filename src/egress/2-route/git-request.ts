/** What a request asks of a git server over HTTP, if it asks anything. */
export type GitRequest = "push" | "fetch" | undefined;

const ROUNDS = 4;

/**
 * Recognises git's smart protocol by method, path, query and content type. It errs on the side of seeing a push: escapes
 * are decoded until nothing changes, and letter case, doubled slashes and path parameters are ignored.
 */
export function recogniseGit(request: {
  readonly method: string;
  readonly path: string;
  readonly query: string | undefined;
  readonly contentTypes: readonly string[];
}): GitRequest {
  const path = simplify(request.path);
  const query = decodeFully(request.query ?? "").toLowerCase();
  const types = request.contentTypes.join(",").toLowerCase();
  const sends = request.method !== "GET" && request.method !== "HEAD"; // documentation has pages of these names
  if (query.includes("service=git-receive-pack") || types.includes("git-receive-pack")) return "push";
  if (sends && path.endsWith("/git-receive-pack")) return "push";
  if (sends && path.endsWith("/git-upload-pack")) return "fetch";
  if (path.endsWith("/info/refs") || types.includes("git-upload-pack")) return "fetch";
  return undefined;
}

function simplify(path: string): string {
  const plain = decodeFully(path)
    .toLowerCase()
    .replaceAll("\\", "/")
    .replace(/;[^/]*/g, "");
  return plain.replace(/\/+/g, "/").replace(/(?:\/\.?)+$/, "");
}

function decodeFully(text: string): string {
  let current = text;
  for (let round = 0; round < ROUNDS; round++) {
    const next = current.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    if (next === current) break;
    current = next;
  }
  return current;
}

/** What a request asks of the gate, or why it is none that a git client makes. */
export type GitRequest =
  | { readonly kind: "advertise" | "call"; readonly repo: string; readonly service: GitService }
  | { readonly kind: "refused"; readonly status: 400 | 403 | 404 | 405 | 415; readonly why: string };

/** The two services of git's smart protocol. */
export type GitService = "git-upload-pack" | "git-receive-pack";

const NAME = "([a-z][a-z0-9-]*)\\.git";
const ADVERTISE = new RegExp(`^/${NAME}/info/refs\\?service=(git-upload-pack|git-receive-pack)$`);
const CALL = new RegExp(`^/${NAME}/(git-upload-pack|git-receive-pack)$`);
const UNDECLARED = /^\/undeclared\/([^?]{1,300})/;
const DUMB = new RegExp(`^/${NAME}/`);

/**
 * Reads the target of a request. Exactly the three addresses that git clients use are known, letter by letter: nothing is
 * decoded and nothing is normalised, so there is nothing to hide a path in.
 */
export function parseGitRequest(method: string, target: string, contentType: string | undefined): GitRequest {
  const advertised = ADVERTISE.exec(target);
  if (advertised !== null) {
    const [, repo = "", service] = advertised;
    if (method !== "GET") return { kind: "refused", status: 405, why: "refs are listed by GET" };
    return { kind: "advertise", repo, service: service as GitService };
  }
  const called = CALL.exec(target);
  if (called !== null) {
    const [, repo = "", service = ""] = called;
    if (method !== "POST") return { kind: "refused", status: 405, why: `${service} is called by POST` };
    if (contentType !== `application/x-${service}-request`) {
      return { kind: "refused", status: 415, why: `the body is not what ${service} takes` };
    }
    return { kind: "call", repo, service: service as GitService };
  }
  const [, undeclared] = UNDECLARED.exec(target) ?? [];
  if (undeclared !== undefined) {
    const address = undeclared.replace(/\/(info\/refs|git-upload-pack|git-receive-pack|HEAD)$/, "");
    const why = `${address} is not declared in this bottle; the operator can: git-gate.repos.NAME.url`;
    return { kind: "refused", status: 404, why };
  }
  if (DUMB.test(target)) {
    return { kind: "refused", status: 403, why: "only git's smart protocol is spoken here" };
  }
  return { kind: "refused", status: 404, why: "here is the git gate: http://127.0.0.1:9420/NAME.git" };
}

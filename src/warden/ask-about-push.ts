import type { AskOperator, PushDecision } from "../git-gate/ask-operator.ts";
import type { Decision, Supervisor } from "../supervise/hold.ts";

/** Lets the questions of the git gate wait in the queue of the bottle. */
export function askAboutPushes(supervisor: Supervisor): AskOperator {
  return async ({ repo, refs, things, named }, signal) => {
    if (!named && !supervisor.attended) return { kind: "unanswered", why: "nobody watches this bottle" };
    const [first = "nothing", ...more] = refs;
    const title = `git push to ${repo}: ${first}${more.length === 0 ? "" : ` and ${more.length} more`}`;
    const findings = things.map(({ what, ...thing }) => ({ detector: what, ...thing }));
    const about = { repo, refs: refs.join(" ") };
    return explain(
      await supervisor.ask(
        { kind: "git-finding", title, ...{ about, scope: `git ${repo}`, covers: `pushes to ${repo}`, findings } },
        signal,
      ),
    );
  };
}

function explain(decision: Decision): PushDecision {
  switch (decision.kind) {
    case "approved":
      return decision;
    case "rejected":
      return { kind: "rejected", why: decision.reason ?? "no reason was given" };
    case "timed-out":
      return { kind: "unanswered", why: `nobody answered within ${Math.round(decision.afterMs / 1000)} seconds` };
    case "withdrawn":
      return { kind: "unanswered", why: "the push or the bottle ended before anybody answered" };
    case "not-asked":
      return { kind: "unanswered", why: "there is too much in it, or too much waits, to ask about" };
  }
}

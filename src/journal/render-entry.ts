import { showHarmlessly } from "../base/plain-text.ts";
import { renderArgv } from "../base/render-argv.ts";
import type { Style, Tone } from "../base/style.ts";
import type { EgressTarget, GitPush, HoldEnd, JournalEntry, JournalEvent } from "./event.ts";
import type { FollowedItem } from "./follow-journal.ts";

/** What a follower met as one line for a person, with nothing in it that a terminal would act upon. */
export function renderItem(item: FollowedItem, style: Style): string {
  switch (item.kind) {
    case "entry":
      return renderEntry(item.entry, style);
    case "unreadable":
      return `${style("bad", "unreadable")} ${showHarmlessly(item.line)}`;
    case "replaced":
      return style("careful", "the journal was replaced; this is the new one");
    case "truncated":
      return style("careful", "the journal was cut; this is what it says now");
  }
}

/** An entry as one line: time (UTC), event, details. */
export function renderEntry(entry: JournalEntry, style: Style): string {
  const { tone, details } = describe(entry.event);
  const time = showHarmlessly(entry.time.replace("T", " ").replace(/\.\d+Z$/, "Z"));
  return [style("faint", time), style(tone, entry.event.kind.padEnd(8)), showHarmlessly(details)].join("  ").trimEnd();
}

function describe(event: JournalEvent): { readonly tone: Tone; readonly details: string } {
  switch (event.kind) {
    case "start":
      return {
        tone: "strong",
        details: `${event.slug} from ${event.bottle} on ${event.backend}: ${renderArgv(event.argv)}`,
      };
    case "running":
      return { tone: "good", details: `the command runs; its files belong to uid ${event.owner}` };
    case "left-out":
      return { tone: "careful", details: `${event.total} not copied: ${listSome(event.paths, event.total)}` };
    case "exit":
      return { tone: event.code === 0 ? "good" : "bad", details: `${ending(event)} after ${seconds(event.ms)}` };
    case "timeout":
      return { tone: "bad", details: `ended by its time limit after ${seconds(event.ms)}` };
    case "failed":
      return { tone: "bad", details: `${event.message} (${event.code})` };
    case "image-given":
      return { tone: "plain", details: `${event.name}, ${event.bytes} bytes, dropped on its terminal` };
    case "cleaned":
      return { tone: "plain", details: event.what };
    case "torn":
      return { tone: "careful", details: `a crash cut the ${event.bytes} bytes before this short` };
    case "git-push":
      return { tone: event.outcome === "passed" ? "good" : "bad", details: renderPush(event) };
    case "git-fetch":
      return event.outcome === "served"
        ? { tone: "plain", details: `${event.repo} served after ${seconds(event.ms)}` }
        : { tone: "bad", details: `${event.repo} cannot be reached: ${event.said.join("; ")}` };
    case "egress-request": {
      const answer = event.cut ? `${event.status || "no answer"}, broke off` : event.status;
      const tokens = event.tokens === undefined ? "" : `, ${event.tokens.input} + ${event.tokens.output} tokens`;
      const more =
        event.sent === undefined ? "" : event.sent.body === undefined ? " (headers: --json)" : " (bodies: --json)";
      return {
        tone: "plain",
        details: `${renderTarget(event)} → ${answer} after ${seconds(event.ms)}${tokens}${more}`,
      };
    }
    case "egress-redaction":
      return { tone: "careful", details: `${renderTarget(event)} sent without a ${event.rule}` };
    case "egress-injection":
      return { tone: "careful", details: `${renderTarget(event)} answered with orders to an agent (${event.signs})` };
    case "hold-asked":
      return {
        tone: "careful",
        details: `${event.id} waits for an answer: ${event.title} (${event.detectors.join(", ")})`,
      };
    case "hold-ended":
      return { tone: event.outcome === "approved" ? "good" : "bad", details: renderHoldEnd(event) };
    case "egress-refusal": {
      const more = event.unwritten === 0 ? "" : `, and ${event.unwritten} more before it`;
      return { tone: "bad", details: `${renderTarget(event)} refused: ${event.code} (${event.rule})${more}` };
    }
  }
}

function renderHoldEnd({
  id,
  outcome,
  by,
  reason,
  ms,
}: HoldEnd & { readonly id: string; readonly ms: number }): string {
  const who = by === undefined ? "" : ` by ${by}`;
  return `${id} ${outcome}${who} after ${seconds(ms)}${reason === undefined ? "" : `: ${reason}`}`;
}

/** A push with its refs as `name old..new`, and why it was refused. */
function renderPush({ repo, outcome, reason, refs, total, findings, runFiles, commits }: GitPush): string {
  const names = refs.map((ref) => {
    const [old = "", id = "", name = ""] = ref.split(" ");
    return `${name} ${old.slice(0, 9)}..${id.slice(0, 9)}`;
  });
  const why = outcome === "passed" ? "passed" : `refused (${reason ?? "unknown"})`;
  const found = findings.length === 0 ? "" : `; ${findings.join("; ")}`;
  const runs = runFiles.length === 0 ? "" : `; files that run somewhere: ${runFiles.join(", ")}`;
  return `${repo} ${why}: ${listSome(names, total)}, ${commits} new ${commits === 1 ? "commit" : "commits"}${found}${runs}`;
}

/** As much of a target as is known: a refused connection may not have said what it wanted. */
function renderTarget({ method, scheme, host, port, path }: Partial<EgressTarget>): string {
  if (host === undefined) return method ?? "a connection";
  const usual = scheme === undefined ? undefined : { http: 80, https: 443 }[scheme];
  const origin = `${scheme === undefined ? "" : `${scheme}://`}${host}${port === usual ? "" : `:${port}`}`;
  return `${method ?? "request to"} ${origin}${path ?? ""}`;
}

function listSome(paths: readonly string[], total: number): string {
  const more = total - paths.length;
  return paths.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function ending(event: { readonly code: number | undefined; readonly signal: string | undefined }): string {
  if (event.signal !== undefined) return `ended by ${event.signal}`;
  return event.code === undefined ? "ended" : `exit code ${event.code}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

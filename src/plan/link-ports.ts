/**
 * Where the warden answers on a bottle's own loopback, the same on every backend. A service is opened only when the bottle
 * has it and it is built; supervise will take 9100.
 */
export const LINK_PORTS = { egress: 9099, git: 9420 } as const;

/** Something that the warden answers to inside a bottle. */
export type LinkService = keyof typeof LINK_PORTS;

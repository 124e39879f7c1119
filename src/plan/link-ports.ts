/**
 * Where the warden answers on a bottle's own loopback, the same on every backend. Only the ports of what is built are
 * opened: the git gate and supervise will take 9420 and 9100.
 */
export const LINK_PORTS = { egress: 9099 } as const;

import type { Peer } from '../listener/protocol.ts'

/** The peer of a connection that is gone. So what is kept of its session does not keep its socket. */
export const NOBODY: Peer = { host: '', behind: false, write () {}, end () {}, deliver () {} }

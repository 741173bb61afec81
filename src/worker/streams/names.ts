import { isIP } from 'node:net'

/** A name of RFC 1123; an underscore is no part of it, but hosts have it. */
const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i
const MOST_HOST_CHARACTERS = 254

/**
 * A program's name as tags have it: `nova-api`, `postfix/smtpd`, `(systemd)`, `sshd(pam_unix)`, `ansible-<stdin>`,
 * `%ASA-6-302013`. RFC 5424 writes `-` for none.
 */
const TAG = /^(?:\(?[\w%][\w.@+~%/<>()-]*|-)$/
const MOST_TAG_CHARACTERS = 128

/** In the place of a host or a source that is none: all of these share a stream. */
export const UNKNOWN = 'unknown'

/** Whether the text can be the name or the address of a host. */
export function isHost (text: string): boolean {
  return text.length <= MOST_HOST_CHARACTERS && (HOST_NAME.test(text) || isIP(text) !== 0)
}

/** Whether the text can be the tag of a program. */
export function isTag (text: string): boolean {
  return text.length <= MOST_TAG_CHARACTERS && TAG.test(text)
}

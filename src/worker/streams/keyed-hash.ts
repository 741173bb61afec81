import { hash } from 'node:crypto'

/** So many bytes of a secret make it impossible to find two texts with one hash. */
export const SECRET_BYTES = 16

/** Two words of a hash that only who has the secret can tell in advance. */
export function keyedHash (secret: Uint8Array, ...bytes: Uint8Array[]): [number, number] {
  const digest = hash('sha256', Buffer.concat([secret, ...bytes]), 'hex')
  return [parseInt(digest.slice(0, 8), 16) | 0, parseInt(digest.slice(8, 16), 16) | 0]
}

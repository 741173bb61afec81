import type { Secret } from '../secret.ts'
import type { Endpoints } from './endpoints.ts'

export interface Credentials { username: string | undefined, password: Secret | undefined }

/**
 * User name and password. The settings for them win over the URLs. A password in a URL counts only for its own user.
 */
export function credentials (
  urls: Endpoints<unknown> | undefined, username: string | undefined, password: Secret | undefined
): Credentials {
  const inUrl = urls?.credentials
  const sameUser = username === undefined || username === inUrl?.username
  return { username: username ?? inUrl?.username, password: password ?? (sameUser ? inUrl?.password : undefined) }
}

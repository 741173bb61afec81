import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { loadConfig } from '../../../src/config/load.ts'
import { ConfigError } from '../../../src/errors.ts'
import { Secret } from '../../../src/secret.ts'
import { CERTIFICATE, ENCRYPTED_KEY, OTHER_KEY, PRIVATE_KEY } from './tls-material.ts'

const FILES: Record<string, string> = {
  '/pem/cert': CERTIFICATE,
  '/pem/key': PRIVATE_KEY,
  '/pem/other-key': OTHER_KEY,
  '/pem/encrypted-key': ENCRYPTED_KEY,
  '/pem/broken-cert': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  '/secret/password': 'from file\n',
  '/secret/token': 'tok3n\r\n',
  '/secret/empty': '\n'
}

function readFile (path: string): string {
  const content = FILES[path]
  if (content === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`)
  return content
}

/** Loads a configuration on eight cores, with the files above. */
export function load (env: Record<string, string | undefined>) {
  return loadConfig(env, { cores: 8, readFile })
}

/** A copy with what its providers have at present. */
export function withCurrent (value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Secret) return value
  if ('refresh' in value && 'current' in value) return withCurrent(value.current)
  if (Array.isArray(value)) return value.map(withCurrent)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withCurrent(inner)]))
}

/** Returns the lines of the ConfigError for `env`. */
export function refusal (env: Record<string, string | undefined>): string[] {
  try {
    load(env)
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.message.split('\n')
  }
  return assert.fail(`accepted: ${JSON.stringify(env)}`)
}

/** Writes a file that is removed after the test. */
export function file (t: TestContext, content: string): { path: string, directory: string } {
  const directory = mkdtempSync(join(tmpdir(), 'lokean-config-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'file')
  writeFileSync(path, content)
  return { path, directory }
}

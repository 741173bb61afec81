import assert from 'node:assert/strict'
import { loadConfig, withEnvFile } from '../../../src/config/load.ts'
import { OPTION_NAMES, optionOf } from '../../../src/config/options.ts'
import { ConfigError } from '../../../src/errors.ts'
import { type Target, words } from '../target.ts'

/** Long enough that no other text contains it by chance. */
const SECRET = 'correct-horse-battery'
const SECRETS = OPTION_NAMES.filter(name => optionOf(name).secret === true && optionOf(name).pem !== true)

/** A file of settings. It makes a configuration or a ConfigError. Neither shows the secret or forges a line. */
export const settings: Target = {
  name: 'settings',
  words: words('=', ',', '\n', '"', '\'', '{', '}', '://', '@', ':', '%', '[::1]', 'amqps://', 'https://', `amqp://u:${SECRET}@h`, 'KiB',
    '1h30m', '9'.repeat(20), 'off', 'none', '__proto__', '_FILE', '/dev/null', ' '.repeat(50), 'a,'.repeat(500),
    '-----BEGIN CERTIFICATE-----', ...OPTION_NAMES.map(name => `\n${name}=`), ...SECRETS.map(name => `\n${name}=${SECRET}`)),
  seeds: () => OPTION_NAMES.map(name => Buffer.from(`${name}=${optionOf(name).default ?? 'x'}\n`)),
  run (input) {
    const text = input.toString()
    try {
      const env = withEnvFile({}, 'settings', () => text)
      const { config, warnings, given } = loadConfig(env, { cores: 4, readFile: () => SECRET })
      assert.ok(Object.isFrozen(config))
      if (isSecret(text)) assert.ok(!JSON.stringify([config, warnings]).includes(SECRET), 'a secret is shown')
      return [[...given].sort().join(' '), `${warnings.length}`]
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      const lines = error.message.split('\n')
      if (isSecret(text)) assert.ok(!error.message.includes(SECRET), 'a secret is shown')
      for (const line of lines) assert.match(line, /^(LOKEAN_|--env-file )/, 'a line that no setting begins')
      return lines.map(line => line.replace(/".*"/s, '').slice(0, 80))
    }
  }
}

/** Whether the secret stands only where secrets belong. Text in another setting or in a name may be shown. */
function isSecret (text: string): boolean {
  return text.split('\n').every(line => !line.includes(SECRET) ||
    SECRETS.some(name => line.startsWith(`${name}=${SECRET}`) && line.length === name.length + 1 + SECRET.length))
}

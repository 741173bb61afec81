import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Route } from '../../../../src/worker/messages/settings.ts'
import { Encoder } from '../../../../src/worker/encoder.ts'
import { decodeParts, encoderSettings, encodeTask, mappings, recordText, rsyslogMessage } from '../../../helpers/worker-fixtures.ts'

const AUDIT: Route = { when: [{ name: 'source', values: ['auditd', 'audispd'] }], tenant: undefined, path: 'audit' }
const LOGINS: Route = {
  when: [{ name: 'facility', values: ['authpriv'] }, { name: 'cloud', values: ['cloud1'] }], tenant: 'sec', path: undefined
}

/** Encodes one record, and returns the tenants of what became of it. */
function tenantsOf (record: Record<string, unknown> | string, settings: Parameters<typeof encoderSettings>[0], address?: string): string[] {
  const encoder = new Encoder(encoderSettings(settings))
  const text = typeof record === 'string' ? record : recordText(record)
  const { parts } = encoder.encode({ ...encodeTask([rsyslogMessage([text])]), ...(address === undefined ? {} : { address }) })
  return [...new Set(decodeParts(parts).map(({ tenant }) => tenant))]
}

suite('routes', () => {
  test('take the records that meet all conditions, and leave the others where they were', () => {
    const settings = { routes: [AUDIT, LOGINS] }
    for (const [record, tenant] of [
      [{ source: 'auditd' }, '@audit'],
      [{ source: 'audispd' }, '@audit'],
      // Its host is none, and the label says so; where it goes does not depend on that.
      [{ source: 'auditd', host: 'web 01' }, '@audit'],
      [{ source: 'nova' }, ''],
      [{ source: 'sshd', facility: 'authpriv', cloud: 'cloud1' }, 'sec'],
      [{ source: 'sshd', facility: '10', cloud: 'cloud1' }, 'sec'],
      [{ source: 'sshd', facility: 'authpriv', cloud: 'cloud2' }, ''],
      [{ source: 'sshd', facility: 'auth', cloud: 'cloud1' }, ''],
      [{ source: 'auditd', facility: 'authpriv', cloud: 'cloud1' }, '@audit']
    ] as const) assert.deepEqual(tenantsOf(record, settings), [tenant], JSON.stringify(record))
  })

  test('go before the tenant of the address and that of the record, and keep what they do not say', () => {
    const origins = [{ address: 'a', labels: [{ name: 'cloud', value: 'cloud1' }], tenant: 'app', path: 'main' }]
    assert.deepEqual(tenantsOf({ source: 'auditd' }, { origins, routes: [AUDIT] }, 'a'), ['app@audit'])
    assert.deepEqual(tenantsOf({ source: 'nova' }, { origins, routes: [AUDIT] }, 'a'), ['app@main'])
    // The label of the address counts, and not what the record says of itself.
    assert.deepEqual(tenantsOf({ facility: 'authpriv', cloud: 'other' }, { origins, routes: [LOGINS] }, 'a'), ['sec@main'])
    const tenant = { kind: 'field', field: 'cloud' } as const
    assert.deepEqual(tenantsOf({ facility: 'authpriv', cloud: 'cloud1' }, { tenant, routes: [LOGINS] }), ['sec'])
    assert.deepEqual(tenantsOf({ source: 'auditd', cloud: 'cloud7' }, { tenant, routes: [AUDIT] }), ['cloud7@audit'])
  })

  test('no record can name a path by itself', () => {
    const tenant = { kind: 'field', field: 'cloud' } as const
    assert.deepEqual(tenantsOf({ cloud: 'x@audit' }, { tenant, routes: [AUDIT] }), ['lokean'])
  })

  test('records of one stream by labels are told apart by a condition that is no label, batch after batch', () => {
    const encoder = new Encoder(encoderSettings({ labels: mappings('host,cloud'), routes: [LOGINS, { ...AUDIT, tenant: 'aud' }] }))
    for (let batch = 0; batch < 3; batch++) {
      const records = ['authpriv', 'daemon', 'authpriv'].flatMap((facility, i) => [
        recordText({ facility, cloud: 'cloud1', message: `${facility} ${i}` }), recordText({ source: 'auditd', message: `auditd ${i}` })
      ])
      const entries = decodeParts(encoder.encode(encodeTask([rsyslogMessage(records)])).parts)
      const by = (tenant: string): string[] => entries.filter(one => one.tenant === tenant).map(({ line }) => line).sort()
      assert.deepEqual(by(''), ['daemon 1'])
      assert.deepEqual(by('sec'), ['authpriv 0', 'authpriv 2'])
      assert.deepEqual(by('aud@audit'), ['auditd 0', 'auditd 1', 'auditd 2'])
    }
  })

  test('a record in quarantine goes the same way, as far as it can be read', () => {
    const settings = { routes: [AUDIT, LOGINS] }
    assert.deepEqual(tenantsOf({ source: 'auditd', '@timestamp': 'never' }, settings), ['@audit'])
    assert.deepEqual(tenantsOf(`${recordText({ source: 'auditd' }).slice(0, -1)},`, settings), ['@audit'])
    assert.deepEqual(tenantsOf({ '@timestamp': undefined, facility: 'authpriv', cloud: 'cloud1' }, settings), ['sec'])
    assert.deepEqual(tenantsOf('no record', settings), [''])
  })
})

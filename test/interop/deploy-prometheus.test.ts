import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type TestContext, test } from 'node:test'
import { documents, type Manifest } from '../helpers/manifests.ts'
import { needs } from './needs.ts'
import { folder } from './peer-process.ts'

const NEEDED = needs('promtool')
const RULES = 'deploy/prometheus/lokean.rules.yaml'

/** One hour and a half of a healthy Lokean, with a sample each minute. */
const WELL: Record<string, string> = {
  'up{job="lokean",instance="a"}': '1x90',
  'up{job="lokean",instance="b"}': '1x40 0x2 1x47',
  'kube_deployment_spec_replicas{namespace="n",deployment="lokean"}': '2x90',
  'kube_deployment_status_replicas_available{namespace="n",deployment="lokean"}': '2x30 1x10 2x50',
  'lokean_link_up{job="lokean",instance="a",address="x"}': '1x40 0 1x49',
  'lokean_bus_disconnects_total{job="lokean",instance="a"}': '0x40 1x50',
  'lokean_datagrams_dropped_total{job="lokean",instance="a",address="udp"}': '7x90',
  'lokean_inflight_bytes{job="lokean",instance="a",address="x"}': '5000x90',
  'lokean_last_push_success_timestamp_seconds{job="lokean",instance="a"}': '0+60x90',
  'lokean_oldest_unsettled_seconds{job="lokean",instance="a",address="x"}': '0.2x90',
  'lokean_oldest_unsettled_seconds{job="lokean",instance="a",address="at rest"}': '0x90',
  'lokean_sink_lanes_waiting{job="lokean",instance="a",reason="blocked"}': '0x70 1 0x19',
  'lokean_sink_lanes_waiting{job="lokean",instance="a",reason="429"}': '0x68 2 0 1 0x19',
  'lokean_tenant_last_push_success_timestamp_seconds{job="lokean",instance="a",tenant="t"}': '0+60x90',
  'lokean_tenant_last_push_success_timestamp_seconds{job="lokean",instance="a",tenant="quiet"}': '0x90',
  'lokean_tenant_last_push_success_timestamp_seconds{job="lokean",instance="a",tenant="limited for a while"}': '0x50 3000x40',
  'lokean_tenant_waiting_bytes{job="lokean",instance="a",tenant="t"}': '5000x90',
  'lokean_tenant_waiting_bytes{job="lokean",instance="a",tenant="quiet"}': '0x90',
  'lokean_tenant_waiting_bytes{job="lokean",instance="a",tenant="limited for a while"}': '5000x50 0x40',
  'lokean_tenant_streams{job="lokean",instance="a",tenant="t"}': '4000x90',
  'lokean_tenant_streams_limit{job="lokean",instance="a",tenant="t"}': '5000x90',
  // 90 days, and 15 of a bundle that is renewed early.
  'lokean_certificate_expiry_timestamp_seconds{job="lokean",instance="a",setting="LOKEAN_AMQP_CA"}': '7776000x90',
  'lokean_certificate_expiry_timestamp_seconds{job="lokean",instance="a",setting="LOKEAN_LOKI_CERT"}': '1296000x90',
  'lokean_lag_seconds_bucket{job="lokean",instance="a",address="x",le="1"}': '0+600x90',
  'lokean_lag_seconds_bucket{job="lokean",instance="a",address="x",le="60"}': '0+600x90',
  'lokean_lag_seconds_bucket{job="lokean",instance="a",address="x",le="300"}': '0+600x90',
  'lokean_lag_seconds_bucket{job="lokean",instance="a",address="x",le="+Inf"}': '0+600x90',
  'lokean_worker_busy_seconds_total{job="lokean",instance="a"}': '0+6x90',
  'lokean_workers{job="lokean",instance="a"}': '1x90',
  'lokean_pushes_total{job="lokean",instance="a",status="2xx"}': '0+60x90',
  'lokean_push_retries_total{job="lokean",instance="a",reason="429"}': '0x90',
  'lokean_records_received_total{job="lokean",instance="a",address="x"}': '0+6000x90',
  'lokean_records_quarantined_total{job="lokean",instance="a",reason="invalid_json"}': '0x90',
  'lokean_records_dead_lettered_total{job="lokean",instance="a",reason="refused"}': '0x90',
  'lokean_dead_letter_blocked{job="lokean",instance="a"}': '0x90',
  'lokean_dead_letters_deleted_total{job="lokean",instance="a"}': '0x90',
  'lokean_worker_failures_total{job="lokean",instance="a",kind="hung"}': '0x90',
  'process_start_time_seconds{job="lokean",instance="a"}': '5x90',
  'lokean_canary_missing_total{instance="c"}': '3x90',
  'lokean_canary_doubled_total{instance="c"}': '3x90',
  'lokean_canary_stored_total{instance="c"}': '0+60x40 2400x5 2400+60x45'
}

/** Nothing comes, and nothing ever has since the start. */
const IDLE: Record<string, string> = {
  lokean_inflight: '0x90',
  lokean_last_push: '0x90',
  lokean_oldest_unsettled: '0x90',
  lokean_sink_lanes_waiting: '0x90',
  lokean_tenant_last_push: '0x90',
  lokean_tenant_waiting: '0x90',
  lokean_tenant_streams_limit: '_x90',
  'lokean_tenant_streams{': '0x90',
  lokean_lag: '0x90',
  lokean_worker_busy: '0x90',
  lokean_pushes: '0x90',
  lokean_records_received: '0x90',
  lokean_canary: '_x90'
}

/** The alerts that must fire as well: they tell of the same, less bad. */
const AS_WELL: Record<string, string[]> = {
  LokeanStuck: ['LokeanUnsettled'],
  LokeanCertificateExpiresSoon: ['LokeanCertificateExpires']
}

/** The changes that make an alert fire, by the start of a series. No other alert may fire. */
const ILL: Record<string, Record<string, string>> = {
  LokeanAbsent: { up: '0x90' },
  LokeanInstanceDown: { 'up{job="lokean",instance="b"': '1x60 0x30' },
  LokeanReplicasMissing: { kube_deployment_status: '2x40 1x50' },
  LokeanLinkDown: { lokean_link_up: '0x90' },
  LokeanBusFlaps: { lokean_bus_disconnects: '0x50 0+1x40' },
  LokeanDatagramsDropped: { lokean_datagrams_dropped: '7x70 8x20' },
  LokeanNotStoring: { lokean_last_push: '60x90' },
  LokeanUnsettled: { 'lokean_oldest_unsettled_seconds{job="lokean",instance="a",address="x"': '0x60 600x30' },
  LokeanStuck: { 'lokean_oldest_unsettled_seconds{job="lokean",instance="a",address="x"': '0x40 0+60x50' },
  LokeanBlocked: { 'lokean_sink_lanes_waiting{job="lokean",instance="a",reason="blocked"': '0x60 1x30' },
  LokeanShardsWaiting: { 'lokean_sink_lanes_waiting{job="lokean",instance="a",reason="429"': '0x50 1x40' },
  LokeanTenantNotStoring: { 'lokean_tenant_last_push_success_timestamp_seconds{job="lokean",instance="a",tenant="t"': '0x90' },
  LokeanTenantStreams: { 'lokean_tenant_streams{': '4600x90' },
  LokeanCertificateExpires: { 'lokean_certificate_expiry_timestamp_seconds{job="lokean",instance="a",setting="LOKEAN_AMQP_CA"': '864000x90' },
  LokeanCertificateExpiresSoon: { 'lokean_certificate_expiry_timestamp_seconds{job="lokean",instance="a",setting="LOKEAN_AMQP_CA"': '86400x90' },
  LokeanLag: { 'lokean_lag_seconds_bucket{job="lokean",instance="a",address="x",le="1"': '0x90', 'lokean_lag_seconds_bucket{job="lokean",instance="a",address="x",le="60"': '0x90' },
  LokeanWorkersBusy: { lokean_worker_busy: '0+57x90' },
  LokeanPushesRetried: { lokean_push_retries: '0+10x90' },
  LokeanQuarantine: { lokean_records_quarantined: '0+12x90' },
  LokeanDeadLetter: { lokean_records_dead_lettered: '0+1x90' },
  LokeanDeadLetterBlocked: { lokean_dead_letter_blocked: '1x90' },
  LokeanDeadLettersDeleted: { lokean_dead_letters_deleted: '0+1x90' },
  LokeanWorkerFailures: { lokean_worker_failures: '0+1x90' },
  LokeanRestarts: { process_start_time: '0+600x90' },
  LokeanCanaryMissing: { lokean_canary_missing: '3x70 4x20' },
  LokeanCanaryDoubled: { lokean_canary_doubled: '3x40 4x50' },
  LokeanCanarySilent: { lokean_canary_stored: '0+60x50 3000x40' }
}

function promtool (...args: string[]): { status: number | null, said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' })
  return { status, said: `${stdout}${stderr}` }
}

/** What it fires by takes a day, so it has tests of its own. */
const SILENCE = 'LokeanNothingReceived'

/**
 * The day and two hours of an address, with a sample each five minutes, by what is so at the end: whether the alert on
 * silence fires. Its hour of the day before is the second one.
 */
const DAYS: Array<[what: string, fires: boolean, received: string, linkUp: string]> = [
  ['records come', false, '0+500x312', '1x312'],
  ['nothing comes any more', true, '0+500x280 140000x32', '1x312'],
  ['nothing comes any more, since the program began anew', true, '0+500x280 0x32', '1x312'],
  ['nothing has come for less than 90 minutes', false, '0+500x296 148000x16', '1x312'],
  ['nothing comes at this hour of any day', false, '0x24 0+500x256 128000x32', '1x312'],
  ['the address is not read', false, '0+500x280 140000x32', '1x270 0x42']
]

function dayTest ([name, fires, received, linkUp]: typeof DAYS[number]): unknown {
  return {
    name,
    interval: '5m',
    input_series: [
      { series: 'lokean_records_received_total{job="lokean",instance="a",address="x"}', values: received },
      { series: 'lokean_link_up{job="lokean",instance="a",address="x"}', values: linkUp }
    ],
    promql_expr_test: [{
      expr: `count(ALERTS{alertname="${SILENCE}", alertstate="firing"})`,
      eval_time: '25h55m',
      exp_samples: fires ? [{ labels: '{}', value: 1 }] : []
    }]
  }
}

/** Tests which alerts fire at the end, where they are to fire, or at any time, where none is. */
function rulesTest (changed: Record<string, string>, alerts: readonly string[] = []): unknown {
  const changes = Object.entries(changed)
  const series = Object.entries(WELL)
    .map(([name, values]) => ({ series: name, values: changes.find(([start]) => name.startsWith(start))?.[1] ?? values }))
  const firing = 'ALERTS{alertstate="firing"}'
  return {
    interval: '1m',
    input_series: series,
    promql_expr_test: [{
      expr: `count by (alertname) (${alerts.length === 0 ? `max_over_time(${firing}[80m])` : firing})`,
      eval_time: '80m',
      exp_samples: alerts.map(alert => ({ labels: `{alertname="${alert}"}`, value: 1 }))
    }]
  }
}

const illTest = (alert: string): unknown => rulesTest(ILL[alert], [alert, ...AS_WELL[alert] ?? []])

function testRules (t: TestContext, evaluated: string, tests: unknown[]): ReturnType<typeof promtool> {
  const file = join(folder(t), 'test.yaml')
  writeFileSync(file, JSON.stringify({ rule_files: [resolve(RULES)], evaluation_interval: evaluated, tests }))
  return promtool('test', 'rules', file)
}

test('promtool takes the configuration and the rules, without a remark', NEEDED, () => {
  const config = promtool('check', 'config', 'deploy/prometheus/prometheus.yaml')
  assert.equal(config.status, 0, config.said)
  const rules = promtool('check', 'rules', '--lint-fatal', RULES)
  assert.equal(rules.status, 0, rules.said)
})

test('each alert fires when what it is for is so, and alone; none does while all is well, or nothing comes', NEEDED, t => {
  const alerts = documents<{ groups: Array<{ rules: Array<{ alert?: string }> }> }>(RULES)[0].groups.flatMap(({ rules }) =>
    rules.flatMap(({ alert }) => alert ?? []))
  assert.deepEqual(Object.keys(ILL), alerts.filter(alert => alert !== SILENCE))
  const { status, said } = testRules(t, '1m', [rulesTest({}), rulesTest(IDLE), ...Object.keys(ILL).map(illTest)])
  assert.equal(status, 0, said)
  const wrong = structuredClone(illTest('LokeanLag')) as { promql_expr_test: Array<{ exp_samples: unknown[] }> }
  wrong.promql_expr_test[0].exp_samples = []
  assert.notEqual(testRules(t, '1m', [wrong]).status, 0, 'it would say so')
})

test('the alert on silence fires where records came at this hour of the day before, and the address is read', NEEDED, t => {
  const { status, said } = testRules(t, '5m', DAYS.map(dayTest))
  assert.equal(status, 0, said)
})

test('what the autoscaler goes by is the share of its time that each pod\'s workers are busy', NEEDED, t => {
  const [{ rules: [{ seriesQuery, metricsQuery }] }] = documents<{ rules: Array<{ seriesQuery: string, metricsQuery: string }> }>(
    'deploy/prometheus/adapter.yaml'
  )
  // The adapter fills the template in this way.
  const [series, matchers] = seriesQuery.split(/[{}]/)
  const filled = { Series: series, GroupBy: 'pod', LabelMatchers: 'namespace="lokean",pod=~"a|b"' }
  const expr = Object.entries(filled).reduce((query, [name, value]) => query.replaceAll(`<<.${name}>>`, value), metricsQuery)
  assert.deepEqual([matchers, expr.includes('<<')], ['namespace!="",pod!=""', false])
  const [scaled] = documents<Manifest>('deploy/kubernetes/components/keda/scaled-object.yaml')
  const ofKeda = scaled.spec.triggers[0].metadata.query
  const pods = [['a', 1, 15], ['b', 2, 60], ['c', 1, 60]] as const
  const file = join(folder(t), 'test.yaml')
  writeFileSync(file, JSON.stringify({
    evaluation_interval: '1m',
    tests: [{
      interval: '30s',
      input_series: pods.flatMap(([pod, workers, busy]) => [
        { series: `lokean_worker_busy_seconds_total{namespace="lokean",pod="${pod}"}`, values: `0+${busy / 2}x20` },
        { series: `lokean_workers{namespace="lokean",pod="${pod}"}`, values: `${workers}x20` }
      ]),
      promql_expr_test: [
        { expr, eval_time: '8m', exp_samples: [{ labels: '{pod="a"}', value: 0.25 }, { labels: '{pod="b"}', value: 0.5 }] },
        // Divided by the number of pods it is what the adapter's are on average.
        { expr: ofKeda, eval_time: '8m', exp_samples: [{ labels: '{}', value: 0.25 + 0.5 + 1 }] }
      ]
    }]
  }))
  const { status, said } = promtool('test', 'rules', file)
  assert.equal(status, 0, said)
})

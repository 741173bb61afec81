import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { headlineFigures } from '../../bench/report/headline.ts'
import { queuesTable } from '../../bench/report/queues.ts'
import { performanceSection } from '../../bench/report/section.ts'
import { sizingSection } from '../../bench/report/sizing.ts'
import { keptResult } from '../../bench/instances/results.ts'
import { instancesSection } from '../../bench/instances/section.ts'
import { LATEST, readResult } from '../../bench/outcome/result-files.ts'
import { faultsSection } from '../faults/section.ts'
import { keptRun } from '../faults/results.ts'
import { scenariosInCode } from '../faults/scenarios.ts'
import { settingsMarkdown } from '../../src/config/describe.ts'
import { createCanaryMetrics } from '../../src/ops/canary-metrics.ts'
import { createMetrics, metricsMarkdown } from '../../src/ops/metrics.ts'
import { formatsMarkdown } from '../../src/worker/formats/describe.ts'
import { MEND_REASONS, QUARANTINE_REASONS } from '../../src/worker/messages/reasons.ts'
import { arrowsOf, cruise } from './imports/cruise.ts'
import { drawing } from './imports/drawing.ts'
import { logcliLines } from './logql.ts'

const { registry } = createMetrics({
  version: 'readme',
  addresses: [],
  quarantineReasons: QUARANTINE_REASONS,
  mendReasons: MEND_REASONS,
  deadLetterReasons: ['refused'],
  processMetrics: false
})

/** The text between `<!-- name:begin -->` and `<!-- name:end -->`, by page and name. */
const GENERATED: Record<string, Record<string, string>> = {
  'README.md': {
    headline: headlineFigures(readResult(LATEST))
  },
  'bench/README.md': {
    performance: performanceSection(readResult(LATEST)),
    instances: instancesSection(keptResult())
  },
  'deploy/README.md': {
    sizing: sizingSection(readResult(LATEST)),
    settings: settingsMarkdown(),
    metrics: metricsMarkdown(registry),
    'canary-metrics': metricsMarkdown(createCanaryMetrics().registry)
  },
  'deploy/grafana/README.md': {
    logcli: logcliLines()
  },
  'deploy/rsyslog/README.md': {
    queues: queuesTable()
  },
  'deploy/loki/README.md': {
    formats: formatsMarkdown()
  },
  'src/README.md': {
    imports: drawing(arrowsOf((await cruise(['src'])).modules))
  },
  'test/README.md': {
    faults: faultsSection(keptRun())
  }
}

function rendered (page: string, generated: Record<string, string>): string {
  return Object.entries(generated).reduce((text, [name, table]) => {
    const block = new RegExp(`(<!-- ${name}:begin -->\n)[^]*?(<!-- ${name}:end -->)`)
    assert.match(text, block)
    return text.replace(block, (_, begin: string, end: string) => `${begin}${table.trimEnd()}\n${end}`)
  }, page)
}

for (const [path, generated] of Object.entries(GENERATED)) {
  test(`what the code says in ${path} is what it says now (npm run readme renews it)`, () => {
    const page = readFileSync(path, 'utf8')
    if (process.env.RENEW_README === '1') return writeFileSync(path, rendered(page, generated))
    assert.equal(page, rendered(page, generated))
  })
}

test('the table of faults is of the scenarios that there are (npm run test:faults && npm run faults:save renews it)', async () => {
  const named = (list: ReadonlyArray<{ group: string, name: string }>): string[] => list.map(({ group, name }) => `${group}: ${name}`)
  assert.deepEqual(named(keptRun().results), named(await scenariosInCode()))
})

test('the pages name every quarantine reason and every dependency', () => {
  const {
    dependencies, devDependencies, optionalDependencies
  } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, Record<string, string>>
  const packages = [dependencies, devDependencies, optionalDependencies].flatMap(Object.keys).filter(name => !name.startsWith('@types/'))
  const missing = (page: string, names: string[]): string[] => names.filter(name => !readFileSync(page, 'utf8').includes(name))
  assert.deepEqual(missing('deploy/README.md', QUARANTINE_REASONS.map(reason => `\`${reason}\``)), [])
  assert.deepEqual(missing('src/README.md', packages), [])
})

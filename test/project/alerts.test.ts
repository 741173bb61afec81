import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { documents } from '../helpers/manifests.ts'

interface Rules { groups: Array<{ rules: Array<{ alert?: string }> }> }

const PAGE = 'deploy/prometheus/README.md'
const PARTS = ['Means', 'Look at', 'Do', 'Sleep on']

test('the page has each alert and no other, with what it means, what to look at and to do, and when to sleep on', () => {
  const [{ groups }] = documents<Rules>('deploy/prometheus/lokean.rules.yaml')
  const alerts = groups.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []))
  const [, ...sections] = readFileSync(PAGE, 'utf8').split(/^### /m)
  assert.deepEqual(sections.map(section => section.split('\n')[0]).sort(), alerts.sort())
  for (const section of sections) {
    assert.deepEqual([...section.matchAll(/^- \*\*(.+)\*\*: \S/gm)].map(([, part]) => part), PARTS, section.split('\n')[0])
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { charts } from '../../../../bench/report/charts.ts'
import { headlineFigures } from '../../../../bench/report/headline.ts'
import { figure, short, table, withSpread } from '../../../../bench/report/numbers.ts'
import { resultPage } from '../../../../bench/report/page.ts'
import { performanceSection } from '../../../../bench/report/section.ts'
import { summary } from '../../../../bench/report/summary.ts'
import { lostOrDoubled, sendersGain, targetsOf, targetsTable, verdict } from '../../../../bench/report/targets.ts'
import type { BenchResult } from '../../../../bench/outcome/results.ts'
import { sampleResult } from '../sample-result.ts'

function found (result: BenchResult): Record<string, string> {
  return Object.fromEntries(targetsOf(result).map(target => [target.figure, verdict(target)]))
}

/** A result with these sections only. */
function only (...names: Array<keyof BenchResult>): BenchResult {
  const { at, quick, machine, ...sections } = sampleResult()
  return {
    at, quick, machine, ...Object.fromEntries(Object.entries(sections).filter(([name]) => names.includes(name as keyof BenchResult)))
  }
}

test('each target is judged by the figure it is about', () => {
  assert.deepEqual(found(sampleResult()), {
    'all CPU of the program, against the floor': 'must',
    'main thread, CPU per record, against the workers\'': 'must',
    'all CPU at 1 record a message, against the floor': 'must',
    'bytes pushed, against one maximal push per MiB': 'aim',
    'records a push, under full load': 'must',
    'p99 latency at 50 % load, sink at 0 ms': 'aim',
    'peak RSS during the stall': 'must',
    'rate regained after the stall': 'aim',
    '200 waiting senders against one, total rate': 'must',
    '2,500 records/s, 1 a message: cores': 'must',
    'the same, against a receiver that only settles': 'must',
    'the same: pushes/s': 'must',
    'the same: pushes, against those without linger': 'aim',
    'the same: p99 latency beyond the linger': 'aim',
    '250 records/s, 1 a message: cores': 'must',
    'RELP flat out, 100 connections: CPU a record, against rsyslog': 'must',
    'RELP, 2,500 records/s from 100 connections: cores, against rsyslog': 'aim',
    'syslog over TLS flat out, 100 connections: CPU a record, against rsyslog': 'must',
    'RELP, a lone sender with a window of 128: records/s': 'aim',
    '2,000 senders over TLS come back at once: until all are answered': 'aim',
    '2,000 senders over TLS come back at once: slowest answer of those inside': 'aim',
    'memory a connection over TLS': 'aim',
    '100 quiet senders: p99 beside one at full rate, against alone': 'must',
    '10,000 records/s, 10 a message: CPU a record': 'must',
    '2,500 records/s, 3 a message: a real Loki\'s CPU a record': 'not measured',
    '200,000 new streams, until the last is stored': 'must',
    'CPU when idle, of a core': 'aim',
    'records missing or doubled, all runs': 'aim'
  })
})

test('ordinary days are judged with the linger, at their own rate and size; a real Loki by the CPU that it tells', () => {
  const result = sampleResult()
  const small = result.everyday!.filter(one => one.recordsPerSecond === 2_500 && one.recordsPerMessage === 1)
  small[0].cores = small[0].receiverCores * 1.7
  result.everyday!.find(one => one.recordsPerMessage === 3)!.storeCores = 0.15
  const verdicts = found(result)
  assert.equal(verdicts['the same, against a receiver that only settles'], 'missed')
  assert.equal(verdicts['2,500 records/s, 3 a message: a real Loki\'s CPU a record'], 'must')
  result.start![0].streams = 5_000
  assert.equal(found(result)['200,000 new streams, until the last is stored'], 'not measured')
  assert.match(summary(result), /linger 100, sink 0 ms: .*, store 0\.15 cores$/m)
})

test('a sentence says what an ordinary day takes, and what it would without the linger', () => {
  const text = performanceSection(sampleResult())
  assert.match(text, /100 hosts with 2,500 records\/s, 1 record a message, take 0\.08 cores and 24 pushes\/s, p99 to settlement 108 ms; with `LOKEAN_LINGER=0ms` 0\.6 and 600, p99 8 ms\./)
  assert.doesNotMatch(performanceSection(only('floor')), /ordinary day/)
})

test('the headline has three figures, and leaves out what was not measured', () => {
  const lines = (result: BenchResult): string[] => headlineFigures(result).match(/^- \*\*.*?\*\*/gm) ?? []
  assert.equal(lines(sampleResult()).length, 3)
  assert.match(headlineFigures(sampleResult()), /^- \*\*0\.08 cores for 100 hosts\*\* on an ordinary day of 2,500 records\/s, 1 record a message\.$/m)
  assert.deepEqual(lines(only('floor', 'stall')).length, 1)
  assert.equal(headlineFigures(only()), '')
})

test('what was not measured is not met', () => {
  assert.deepEqual(new Set(Object.values(found(only()))), new Set(['not measured']))
  assert.equal(found(only('idle'))['CPU when idle, of a core'], 'aim')
  assert.match(targetsTable(only()), /\| CPU when idle, of a core \| 0\.5 % \| {2}\| {2}\| not measured \|/)
})

test('a single record that is missing or doubled, in any run, misses the target', () => {
  for (const spoil of [
    (result: BenchResult) => { result.pipeline![3].missing = 1 }, (result: BenchResult) => { result.stall!.doubled = 1 }
  ]) {
    const result = sampleResult()
    spoil(result)
    assert.equal(lostOrDoubled(result), 1)
    assert.match(targetsTable(result), /missing or doubled, all runs \| 0 \| {2}\| 1 \| \*\*missed\*\* \|/)
  }
})

test('200 senders need not reach 100 times where they reach the maximum', () => {
  const result = sampleResult()
  const one = result.hosts!.find(({ senders, recordsPerMessage }) => senders === 1 && recordsPerMessage === 1)!
  const many = result.hosts!.find(({ senders, recordsPerMessage }) => senders === 200 && recordsPerMessage === 1)!
  many.recordsPerSecond = result.pipeline!.find(({ recordsPerMessage }) => recordsPerMessage === 1)!.recordsPerSecond * 0.95
  one.recordsPerSecond = many.recordsPerSecond / 50
  assert.equal(Math.round(sendersGain(result)!), 50)
  assert.equal(found(result)['200 waiting senders against one, total rate'], 'aim')
  one.recordsPerSecond = many.recordsPerSecond / 30
  assert.equal(found(result)['200 waiting senders against one, total rate'], 'missed')
})

test('threads that cannot be told apart are no reason to call the main thread cheap', () => {
  const result = sampleResult()
  for (const one of result.pipeline!) {
    one.mainUsPerRecord = one.workerUsPerRecord = one.spread.mainUsPerRecord = one.spread.workerUsPerRecord = null
  }
  assert.equal(found(result)['main thread, CPU per record, against the workers\''], 'not measured')
  assert.doesNotMatch(charts(result)[0][1], /NaN|undefined|null/)
})

test('numbers are as long as they are meaningful', () => {
  assert.deepEqual([0, 0.12345, 12.345, 123456, 1234567].map(figure), ['0', '0.123', '12.3', '123,000', '1,230,000'])
  assert.deepEqual([0.5, 9_994, 9_996, 123456, 999_600, 1.5e7].map(short), ['0.5', '9,990', '10k', '123k', '1M', '15M'])
  assert.equal(withSpread({ median: 2, min: 1.9, max: 2.4 }), '2 (1.9 to 2.4)')
  assert.equal(withSpread({ median: 2, min: 2, max: 2.0001 }), '2')
  assert.equal(table(['a', 'b'], [['x|y', '1']]), '| a | b |\n| --- | ---: |\n| x\\|y | 1 |\n')
})

test('the page shows every section that was measured and no other, and no chart that there is not', () => {
  const headings = (result: BenchResult): string[] => [...resultPage(result).matchAll(/^## (.*)$/gm)].map(([, title]) => title)
  assert.deepEqual(headings(sampleResult()), [
    'Targets', 'Pipeline', 'Latency', 'Stall', 'Waiting senders', 'Ordinary days', 'Ways in', 'Many senders', 'A start', 'Idle', 'The store'
  ])
  assert.deepEqual(headings(only('idle')), ['Targets', 'Idle'])
  for (const result of [sampleResult(), only('latency', 'stall'), only()]) {
    const shown = [...resultPage(result).matchAll(/!\[.*\]\((.*)\)/g)].map(([, name]) => name)
    assert.deepEqual(shown.sort(), charts(result).map(([name]) => name).sort())
    assert.doesNotMatch(resultPage(result), /NaN|undefined|null/)
  }
})

test('who fed it and who stored is on the page, and what to scale', () => {
  const result = sampleResult()
  result.machine.target = { bus: 'router.example.org:5672', loki: 'loki.example.org:3100' }
  assert.match(resultPage(result), /router\.example\.org:5672, loki\.example\.org:3100/)
  assert.match(resultPage(result), /more workers or run more of it/)
  result.loki!.reached.recordsPerSecond = 400_000
  assert.match(resultPage(result), /scale the store/)
})

test('the section has the targets, the loss, and links that lead from the folder of its page', () => {
  const text = performanceSection(sampleResult())
  assert.ok(text.includes(targetsTable(sampleResult())))
  assert.match(text, /Of 9,000,000 records sent, none was missing or doubled\./)
  assert.deepEqual([...text.matchAll(/\]\(([^)]+)\)/g)].map(([, path]) => path), [
    'results/cpu.svg', 'results/latency.svg', 'results/README.md'
  ])
  const spoilt = sampleResult()
  spoilt.pipeline![0].missing = 9
  assert.match(performanceSection(spoilt), /, 9 were missing or doubled/)
  assert.doesNotMatch(performanceSection(only()), /NaN|undefined|null|\.svg/)
})

test('the terminal gets a line for each measurement', () => {
  const text = summary(sampleResult())
  const count = (name: string): number => text.split('\n').filter(line => line.startsWith(`${name} `)).length
  const { pipeline, latency, hosts, everyday } = sampleResult()
  assert.deepEqual(['floor', 'pipeline', 'latency', 'stall', 'hosts', 'everyday', 'start', 'idle', 'loki'].map(count), [
    1, pipeline!.length, latency!.length, 1, hosts!.length, everyday!.length, 1, 1, 1
  ])
  assert.doesNotMatch(summary(only()), /NaN|undefined|null/)
})

test('ways in: rsyslog beside Lokean, on the page and for a terminal; what could not be measured is said', () => {
  const result = { ...only('inputs'), notes: ['inputs: syslog over TLS, without openssl'] }
  assert.match(resultPage(result), /^## Ways in$[^]*^\| relp \| lokean \| 100 \| 1 \| flat out \| 90,000 /m)
  assert.match(resultPage(result), /^\| relp \| rsyslog \| 100 \| 1 \| 2,500\/s \| /m)
  assert.match(resultPage(result), /\| not measured \| inputs: syslog over TLS, without openssl \|/)
  assert.match(summary(result), /^inputs {4}relp to lokean, 1 connection, 1 a message, flat out: 1,400 records\/s, 30 µs, 4\.2 % of a core, 0 missing, 0 doubled$/m)
  assert.match(summary(result), /^not measured: inputs: syslog over TLS, without openssl$/m)
  assert.equal(lostOrDoubled({ ...result, inputs: result.inputs?.map(one => ({ ...one, missing: 1 })) }), 8)
})

test('many senders: what a storm and a loud one did, on the page and for a terminal', () => {
  const result = only('storms', 'noisy')
  assert.match(resultPage(result), /^## Many senders$[^]*^\| 2,000 \| 4\.2 \| 640 \| 55 \| 1\.4 \| 310 \| 0 \| 0 \|$/m)
  assert.match(resultPage(result), /^\| 100 \| 108 .* \| 131 .* \| 1\.21 /m)
  assert.match(summary(result), /^crowd {5}2,000 senders over TLS come back: all answered after 4\.2 s, the slowest answer 640 ms, 55 KiB a connection, /m)
  assert.match(summary(result), /^crowd {5}100 quiet senders: p99 108 ms, beside one with 38k records\/s 131 ms \(1\.21\), 0 missing, 0 doubled$/m)
  const untold = { kibPerConnection: null, peakMb: null, kernelKibPerConnection: null }
  const unknown = { ...result, storms: result.storms?.map(one => ({ ...one, ...untold })) }
  for (const text of [resultPage(unknown), summary(unknown)]) assert.doesNotMatch(text, /null|NaN/)
  assert.equal(lostOrDoubled({ ...result, noisy: result.noisy?.map(one => ({ ...one, missing: 1 })) }), 1)
})

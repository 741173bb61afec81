import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { startBus } from '../../src/embedded/bus/bus.ts'
import type { Fault } from '../../src/embedded/loki/push/fault.ts'
import { createGenerator } from '../../src/generator/generator.ts'
import { startSenders } from '../../src/generator/sender.ts'
import { startLoki } from '../../src/embedded/loki/server.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { message, record } from '../helpers/messages.ts'
import { startRun } from '../helpers/program.ts'
import { RawSender } from '../helpers/raw-sender.ts'
import { ADDRESS } from '../process/numbered-sender.ts'
import { Chromium, type View } from './chromium.ts'
import { needs } from './needs.ts'

/** The engine that finds what assistive programs and keyboards do not get. */
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const DESK: View = { width: 1280, height: 1000 }
const PHONE: View = { width: 360, height: 740, phone: true }
const STAGES = ['bus', 'credit', 'batch', 'workers', 'shards', 'loki']
/** Markup that a record tries to bring into the page. */
const MARKUP = '<img src=x onerror="document.title=1">'

/** Lightness of the background and of the text on it, 0 to 255. */
const CONTRAST = `(() => {
  const { backgroundColor, color } = getComputedStyle(document.body)
  const lightness = text => text.match(/[0-9.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 3
  return [lightness(backgroundColor), lightness(color)]
})()`

/** The texts that reach beyond their stage's box or the picture. */
const OUTSIDE = `[
  [document.querySelector('#picture'), document.querySelector('#picture')],
  ...[...document.querySelectorAll('#picture [data-stage]')].map(stage => [stage, stage.querySelector('.box')])
].flatMap(([stage, edge]) => {
  const box = edge.getBoundingClientRect()
  return [...stage.querySelectorAll('text:not(.flag)')].map(text => [text.textContent, text.getBoundingClientRect()])
    .filter(([, at]) => at.left < box.left || at.right > box.right || at.top < box.top || at.bottom > box.bottom).map(([text]) => text)
})`

/** What is cut off, or begins or ends beyond the window. What only assistive programs read is left out. */
const CUT = `[...document.querySelectorAll('main *, header *')].filter(element => {
  const { left, right, width } = element.getBoundingClientRect()
  if (width <= 1 || element.closest('.hidden, thead, svg')) return false
  const isCut = getComputedStyle(element).overflowX !== 'visible' && element.scrollWidth > element.clientWidth + 1
  return left < 0 || right > innerWidth + 1 || isCut
}).map(element => element.outerHTML.slice(0, 80))`

/** What axe finds, each with the elements. */
const VIOLATIONS = `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
  violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target, failureSummary }) => target + ' ' + failureSummary).join('; ')))`

const shown = (stage: string): string => `document.querySelector('[data-stage="${stage}"] .value').textContent`

test('the live page of the program under load, in a real browser', { ...needs('chromium'), timeout: 200_000 }, async t => {
  const cleanup = Cleanup.of(t)
  const bus = await startBus()
  cleanup.add(async () => { await bus.close() })
  let fault: Fault | undefined
  const loki = await startLoki({ limits: { rateBytes: Infinity, burstBytes: Infinity }, intercept: () => fault })
  cleanup.add(loki.close)
  const run = startRun(cleanup, {
    LOKEAN_AMQP_URL: bus.url, LOKEAN_LOKI_URL: loki.url, LOKEAN_DROP: 'debug;level=debug'
  }, [], 180_000)
  await run.logged('receiving')
  const browser = await Chromium.start(t)
  await browser.look(DESK)
  await browser.open(`${await run.admin()}/`)

  await t.test('says that nothing comes while nothing does', async () => {
    await browser.until('document.querySelector("#verdict-title").textContent === "All quiet"')
    assert.equal(await browser.evaluate('document.querySelector("#picture").hasAttribute("data-flow")'), false)
  })

  const stop = new AbortController()
  const load = startSenders({
    url: bus.url,
    addresses: [ADDRESS],
    generator: createGenerator({ hosts: 30, seed: 5, recordsPerMessage: 50 }),
    rate: 4_000,
    signal: stop.signal
  })
  cleanup.add(async () => { stop.abort(); await load })
  const sender = await RawSender.connect(bus.port, ADDRESS)
  cleanup.add(async () => { await sender.close() })
  for (const bad of ['no JSON\n', 'nor this\n', record({ '@timestamp': 'yesterday' })]) {
    assert.equal(await sender.send(message([bad])), 'accepted')
  }

  await t.test('shows live figures at each stage, and what is in quarantine', async () => {
    for (const stage of STAGES) await browser.until(`/[1-9]/.test(${shown(stage)})`)
    await browser.until('Number(document.querySelector("#rate").textContent.replace(/[^0-9.]/g, "")) > 1000')
    await browser.until('document.querySelector("#picture").hasAttribute("data-flow")')
    const quarantine = await browser.evaluate<string>('document.querySelector("#quarantine").innerText')
    assert.match(quarantine, /invalid_json\s+2\b[^]*bad_timestamp\s+1\b/)
    assert.match(await browser.evaluate<string>('document.querySelector("#addresses").innerText'), /^rsyslog\/logs\s+open\s+[1-9]/)
    await browser.until('/debug \\(dropped\\)\\s+[1-9]/.test(document.querySelector("#rules").innerText)')
    const first = await browser.evaluate<string>('document.querySelector("#totals").innerText')
    await browser.until(`document.querySelector("#totals").innerText !== ${JSON.stringify(first)}`)
  })

  for (const [name, view] of [
    ['desk-light', DESK], ['desk-dark', { ...DESK, dark: true }], ['phone-light', PHONE], ['phone-dark', { ...PHONE, dark: true }]
  ] as const) {
    await t.test(`${name}: readable, and nothing sticks out`, async () => {
      await browser.look(view)
      await browser.until(`innerWidth === ${view.width} && matchMedia("(prefers-color-scheme: dark)").matches === ${view.dark === true}`)
      const [ground, ink] = await browser.evaluate<[number, number]>(CONTRAST)
      assert.ok(view.dark === true ? ground < 40 && ink > 200 : ground > 220 && ink < 60, `ground ${ground}, ink ${ink}`)
      assert.equal(await browser.evaluate('document.documentElement.scrollWidth'), view.width)
      assert.deepEqual(await browser.evaluate(OUTSIDE), [])
      assert.deepEqual(await browser.evaluate(CUT), [])
      await browser.evaluate(`${AXE}; 0`)
      assert.deepEqual(await browser.evaluate(VIOLATIONS), [])
      const textHeight = await browser.evaluate<number>('Math.min(...[...document.querySelectorAll("#picture .note")].filter(text => text.textContent !== "").map(text => text.getBoundingClientRect().height))')
      assert.ok(textHeight >= 11, `the picture's text is ${textHeight} px high`)
      assert.ok((await browser.screenshot(name)).length > 10_000)
    })
  }

  await t.test('each chart has a scale, and says how far back it goes', async () => {
    await browser.until('/[1-9]/.test(document.querySelector("#rate-top").textContent) && /[1-9].* m?s$/.test(document.querySelector("#lag-top").textContent)')
    assert.deepEqual(await browser.evaluate('[...document.querySelectorAll(".span")].map(span => span.innerText.split(/\\s*\\n\\s*/))'), [['2 min ago', 'now'], ['2 min ago', 'now']])
  })

  await t.test('on a phone, each figure of an address has its name', async () => {
    await browser.look(PHONE)
    await browser.until('innerWidth === 360')
    const names = 'getComputedStyle(document.querySelector("#addresses td:nth-of-type(4)"), "::before").content'
    await browser.until(`${names} === '"oldest unsettled"' || ${names} === 'attr(data-column)'`)
    assert.ok((await browser.accessible()).some(({ role, name }) => role === 'columnheader' && name === 'in flight'))
  })

  await t.test('does not move for who does not want it', async () => {
    const running = 'document.getAnimations().filter(animation => animation.playState === "running").length'
    await browser.look(DESK)
    await browser.until(`${running} > 0`)
    await browser.look({ ...DESK, reducedMotion: true })
    await browser.until(`${running} === 0`)
  })

  await t.test('tells assistive programs the same', async () => {
    const nodes = await browser.accessible()
    const named = (role: string): string[] => nodes.filter(node => node.role === role).map(({ name }) => name)
    assert.ok(named('image').some(name => /^Workers: \S+ records\/s, 1 thread/.test(name)), JSON.stringify(named('image')))
    for (const heading of ['Addresses', 'Quarantine', 'Last warnings and errors', 'Lag']) {
      assert.ok(named('heading').includes(heading), heading)
    }
    for (const column of ['records/s', 'oldest unsettled']) assert.ok(named('columnheader').includes(column), column)
    assert.equal(named('main').length, 1)
    assert.equal(named('status').length, 2)
  })

  await t.test('where Loki takes nothing, it says so where that is, without secrets, and shows text as text', async () => {
    fault = { kind: 'answer', status: 503, text: `no room at http://me:hunter2@loki ${MARKUP}` }
    await browser.until('document.querySelector("#verdict").dataset.level === "bad"')
    assert.equal(await browser.evaluate('document.querySelector("#verdict-title").textContent'), 'Loki takes nothing')
    assert.equal(await browser.evaluate('document.querySelector("#picture [data-level]").dataset.stage'), 'loki')
    await browser.until('document.querySelector("#problems").innerText.includes("a push to Loki failed")')
    const text = await browser.evaluate<string>('document.body.innerText')
    assert.ok(text.includes(MARKUP), text)
    assert.ok(!text.includes('hunter2'))
    await browser.screenshot('loki-down')
    fault = undefined
    await browser.until('document.querySelector("#verdict").dataset.level === "good"')
  })

  await t.test('where a condition holds records, it says what to mend, which shards wait, and how old the oldest delivery is', async () => {
    fault = { kind: 'answer', status: 401, text: 'no org id' }
    await browser.until('document.querySelector("#verdict-title").textContent === "A condition holds records"')
    assert.match(await browser.evaluate('document.querySelector("#verdict-advice").textContent'), /401 no org id.*To mend: check LOKEAN_LOKI_TENANT/)
    await browser.until('/^Shards that wait before they push again: [1-4] blocked/.test(document.querySelector("#waiting").textContent)')
    await browser.until('/[1-4] wait: blocked/.test(document.querySelector(\'[data-stage="shards"]\').textContent)')
    await browser.until('/[1-9][0-9.]* s/.test(document.querySelector("#addresses td:nth-of-type(4)").textContent)')
    for (const view of [PHONE, DESK]) {
      await browser.look(view)
      await browser.until(`innerWidth === ${view.width}`)
      assert.equal(await browser.evaluate('document.documentElement.scrollWidth'), view.width)
      assert.deepEqual(await browser.evaluate(OUTSIDE), [])
      await browser.screenshot(`blocked-${view.width}`)
    }
    fault = undefined
    await browser.until('document.querySelector("#verdict").dataset.level === "good"')
    assert.equal(await browser.evaluate('document.querySelector("#waiting").textContent'), '')
  })

  await t.test('nothing was complained of, and nothing came from elsewhere', async () => {
    assert.deepEqual(browser.complaints, [])
    const origin = await run.admin()
    assert.deepEqual([...new Set(browser.requests)].filter(url => !url.startsWith(`${origin}/`) && url !== 'about:blank'), [])
  })

  await t.test('what the policy forbids is seen by this test', async () => {
    await browser.evaluate('document.body.insertAdjacentHTML("beforeend", "<p style=\'color:red\'>")')
    await browser.until('true')
    assert.ok(browser.complaints.some(complaint => complaint.includes('style-src')), JSON.stringify(browser.complaints))
  })
})

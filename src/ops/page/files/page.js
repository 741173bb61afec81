/* global document, EventSource, setTimeout, clearTimeout */
// Shows the snapshots of the event stream. All text is set as text: nothing that a record or a peer wrote can become
// markup.

import { bytes, count, duration, percent, rate } from './format.js'
import { drawPicture } from './picture.js'

const HISTORY = 120
const AGAIN_MS = 5000

const byId = id => document.getElementById(id)
const fillPicture = drawPicture(byId('picture'))
const history = { rate: [], lag: [] }
let source
let again

function make (name, text = '', attributes = {}) {
  const element = document.createElement(name)
  element.textContent = text
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  return element
}

/** Sets a text only where it differs, so that a screen reader reads only changes. */
function say (element, text) {
  if (element.textContent !== text) element.textContent = text
}

function showVerdict ({ title, advice, level }) {
  byId('verdict').dataset.level = level
  say(byId('verdict-title'), title)
  say(byId('verdict-advice'), advice)
}

function figure (element, value, unit) {
  element.replaceChildren(value, ' ', make('small', unit))
}

/** Draws 0 where nothing was measured. */
function showChart (svg, values, label) {
  const top = Math.max(...values, Number.MIN_VALUE)
  const points = values.map((value, i) => `${(240 - (values.length - 1 - i) * 240 / (HISTORY - 1)).toFixed(1)} ${(58 - 54 * value / top).toFixed(1)}`)
  const line = `M${points.join('L')}`
  const first = points[0].split(' ')[0]
  if (svg.firstChild === null) {
    for (const kind of ['area', 'line']) {
      const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
      path.setAttribute('class', kind)
      svg.append(path)
    }
  }
  svg.firstChild.setAttribute('d', `${line}V60H${first}Z`)
  svg.lastChild.setAttribute('d', line)
  svg.setAttribute('aria-label', label)
}

function remember (values, value) {
  values.push(value)
  if (values.length > HISTORY) values.shift()
  return values
}

function showFigures ({ loki, lag, totals, streams }) {
  figure(byId('rate'), rate(loki.recordsPerSecond), 'records/s')
  const p99 = lag.p99Seconds === undefined ? 'nothing stored just now' : `mean, p99 ${duration(lag.p99Seconds)}`
  figure(byId('lag'), duration(lag.meanSeconds), p99)
  const rates = remember(history.rate, loki.recordsPerSecond)
  const most = rate(Math.max(...rates))
  showChart(byId('rate-chart'), rates, `The last two minutes: at most ${most} records a second`)
  say(byId('rate-top'), most)
  const lags = remember(history.lag, lag.meanSeconds ?? 0)
  const longest = duration(Math.max(...lags))
  showChart(byId('lag-chart'), lags, `The last two minutes: at most ${longest}`)
  say(byId('lag-top'), longest)
  const rows = [
    ['records received', totals.received], ['stored', totals.stored], ['in quarantine', totals.quarantined], ['mended', totals.mended],
    ['dead letters', totals.deadLettered], ['push retries', totals.retries], ['records pushed again', totals.resent],
    ...totals.found > 0 ? [['not pushed again: found in Loki', totals.found]] : [], ['sent again by senders', totals.redelivered],
    ['streams within the hour', streams]
  ]
  byId('totals').replaceChildren(...rows.flatMap(([name, value]) => [make('dt', name), make('dd', count(value))]))
}

function showWaiting ({ waiting }) {
  const shards = waiting.map(one => `${count(one.count)} ${one.reason}`).join(', ')
  say(byId('waiting'), shards === '' ? '' : `Shards that wait before they push again: ${shards}`)
}

/** A cell says its column by itself where the table has no room for one. */
function cell (column, text, kind = '') {
  return make('td', text, { role: 'cell', 'data-column': column, class: kind })
}

function showAddresses (addresses) {
  byId('addresses').replaceChildren(...addresses.map(address => {
    const { up, recordsPerSecond, lagSeconds, oldestUnsettledSeconds, credit, inflightBytes, limitBytes } = address
    const row = make('tr', '', { role: 'row' })
    row.append(
      make('th', address.address, { role: 'rowheader', scope: 'row' }),
      cell('link', up ? 'open' : 'down', up ? 'up' : 'down'),
      cell('records/s', rate(recordsPerSecond)),
      cell('lag', duration(lagSeconds)),
      cell('oldest unsettled', oldestUnsettledSeconds > 0 ? duration(oldestUnsettledSeconds) : '-'),
      cell('credit', count(credit)),
      cell('in flight', `${bytes(inflightBytes)} (${percent(inflightBytes / limitBytes)})`)
    )
    return row
  }))
}

function bar (name, figure, value, most) {
  const item = make('li')
  item.append(make('span', name), make('span', figure), make('progress', '', { value, max: most, 'aria-hidden': 'true' }))
  return item
}

function showHosts (hosts) {
  const most = hosts[0]?.recordsPerSecond
  byId('hosts').replaceChildren(...hosts.map(({ host, recordsPerSecond }) => bar(host, rate(recordsPerSecond), recordsPerSecond, most)))
  if (hosts.length === 0) byId('hosts').append(make('li', 'None, or no label tells the host.', { class: 'none' }))
}

function showQuarantine (quarantine) {
  const most = Math.max(1, ...quarantine.map(({ records }) => records))
  byId('quarantine').replaceChildren(...quarantine.map(({ reason, records, perSecond }) => {
    return bar(reason, perSecond > 0 ? `${count(records)} (${rate(perSecond)}/s)` : count(records), records, most)
  }))
  if (quarantine.length === 0) byId('quarantine').append(make('li', 'Empty: every record could be read and stored.', { class: 'none' }))
}

/** Only where the settings have rules. */
function showRules (rules) {
  const most = Math.max(1, ...rules.map(({ records }) => records))
  byId('filters').hidden = rules.length === 0
  byId('rules').replaceChildren(...rules.map(({ rule, does, records, perSecond }) => {
    return bar(`${rule} (${does})`, perSecond > 0 ? `${count(records)} (${rate(perSecond)}/s)` : count(records), records, most)
  }))
}

let shownProblems = ''

function showProblems (problems) {
  const key = JSON.stringify(problems)
  if (key === shownProblems) return
  shownProblems = key
  byId('problems').replaceChildren(...problems.map(({ time, level, text, detail, count: times }) => {
    const item = make('li')
    const clock = new Date(time).toLocaleTimeString('en-GB')
    item.append(make('time', clock, { datetime: time }), ' ', make('b', level, { 'data-level': level }), ` ${text}`)
    if (times > 1) item.append(make('span', ` (${times} times)`, { class: 'none' }))
    if (detail !== '') item.append(make('span', detail, { class: 'detail' }))
    return item
  }))
  if (problems.length === 0) byId('problems').append(make('li', 'None.', { class: 'none' }))
}

function show (snapshot) {
  say(byId('version'), snapshot.version)
  showVerdict(snapshot.bottleneck)
  fillPicture(snapshot)
  showWaiting(snapshot.shards)
  showFigures(snapshot)
  showAddresses(snapshot.addresses)
  showHosts(snapshot.hosts)
  showQuarantine(snapshot.quarantine)
  showRules(snapshot.rules)
  showProblems(snapshot.problems)
}

function stream (state, text) {
  document.body.dataset.stream = state
  say(byId('stream'), text)
}

function open () {
  clearTimeout(again)
  source?.close()
  source = new EventSource('live')
  source.onmessage = ({ data }) => {
    show(JSON.parse(data))
    stream('live', 'live')
  }
  source.onerror = () => {
    stream('lost', 'not connected, trying again')
    // After a lost connection, the browser tries again by itself. After an error (too many watch), it does not.
    if (source.readyState === EventSource.CLOSED) again = setTimeout(open, AGAIN_MS)
  }
}

// A page that nobody sees has no connection.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) return open()
  clearTimeout(again)
  source?.close()
  stream('waiting', 'paused')
})
if (!document.hidden) open()

/* global document, matchMedia */
// The picture of the pipeline: six boxes from the bus to Loki, and the way back of settled deliveries. The boxes stand
// side by side, or below each other on a narrow screen.

import { bytes, count, duration, percent, rate } from './format.js'

const SVG = 'http://www.w3.org/2000/svg'
const BOX = { width: 160, height: 122, gap: 26, top: 20 }
const ROW = { width: 290, height: 92, gap: 24, top: 4 }

/**
 * What the box of each stage shows: a figure and its unit, two notes, and how full the meter is (undefined: no meter).
 */
const STAGES = [
  ['bus', 'Bus', s => ({
    value: rate(s.bus.messagesPerSecond),
    unit: 'messages/s',
    notes: [
      `${bytes(s.bus.bytesPerSecond)}/s`,
      `${s.bus.linksUp} of ${s.bus.links} ${s.bus.links === 1 ? 'link' : 'links'} open`
    ]
  })],
  ['credit', 'Credit', s => ({
    value: count(s.credit.messages),
    unit: 'may come',
    notes: [`${bytes(s.credit.inflightBytes)} in flight`, `of ${bytes(s.credit.limitBytes)}`],
    meter: s.credit.fill
  })],
  ['batch', 'Batch', s => ({
    value: s.batch.records === undefined ? '-' : count(s.batch.records),
    unit: 'records each',
    notes: [`${bytes(s.batch.bytes)} wait`, `main thread ${percent(s.batch.mainThreadBusy)}`],
    meter: s.batch.mainThreadBusy
  })],
  ['workers', 'Workers', s => ({
    value: rate(s.workers.recordsPerSecond),
    unit: 'records/s',
    notes: [
      `${s.workers.count} ${s.workers.count === 1 ? 'thread' : 'threads'}, ${percent(s.workers.busy)} busy`,
      `${duration(s.workers.seconds)} a batch`
    ],
    meter: s.workers.busy
  })],
  ['shards', 'Shards', s => ({
    value: s.shards.recordsPerPush === undefined ? '-' : count(s.shards.recordsPerPush),
    unit: 'records a push',
    notes: [`${bytes(s.shards.bytes)} on the way`, waitNote(s.shards.waiting) ?? `${rate(s.shards.lanes)} of ${s.shards.count} in use`],
    meter: s.shards.lanes / s.shards.count
  })],
  ['loki', 'Loki', s => ({
    value: rate(s.loki.pushesPerSecond),
    unit: 'pushes/s',
    notes: [
      `${duration(s.loki.seconds)}, p99 ${duration(s.loki.p99Seconds)}`,
      s.loki.retriesPerSecond > 0 ? `${rate(s.loki.retriesPerSecond)} retries/s` : `${bytes(s.loki.bytesPerSecond)}/s`
    ]
  })]
]

/** Undefined where no shard waits. Only the first reason has room. */
function waitNote ([most, ...others]) {
  return most && `${count(most.count)} wait: ${most.reason}${others.length > 0 ? ', ...' : ''}`
}

function element (name, attributes, parent) {
  const made = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  parent.append(made)
  return made
}

function pipe (svg, d, kind = '') {
  element('path', { class: `pipe ${kind}`, d }, svg)
  element('path', { class: `flow ${kind}`, d }, svg)
}

/** Draws the empty picture. Returns a function that fills in a snapshot. */
export function drawPicture (svg) {
  const narrow = matchMedia('(max-width: 56rem)')
  let stages = new Map()
  let latest

  function draw () {
    svg.replaceChildren()
    stages = narrow.matches ? drawRows(svg) : drawBoxes(svg)
    if (latest !== undefined) fill(latest)
  }

  function fill (snapshot) {
    latest = snapshot
    const { stage, level } = snapshot.bottleneck
    const moving = snapshot.loki.recordsPerSecond
    svg.toggleAttribute('data-flow', moving > 0)
    if (moving > 0) svg.setAttribute('data-flow', moving > 5_000 ? 'fast' : 'slow')
    for (const [name, title, read] of STAGES) {
      const { value, unit, notes, meter } = read(snapshot)
      const { group, texts, level: bar, width } = stages.get(name)
      texts.value.textContent = value
      texts.unit.textContent = unit
      texts.first.textContent = notes[0]
      texts.second.textContent = notes[1]
      bar.setAttribute('width', Math.round(width * Math.min(1, meter ?? 0)))
      bar.parentNode.setAttribute('visibility', meter === undefined ? 'hidden' : 'visible')
      const here = stage === name
      if (here) group.setAttribute('data-level', level)
      else group.removeAttribute('data-level')
      texts.flag.textContent = here ? (level === 'bad' ? 'needs help' : 'bottleneck') : ''
      group.setAttribute('aria-label', `${title}: ${value} ${unit}, ${notes.join(', ')}${here ? `; ${texts.flag.textContent}` : ''}`)
    }
    svg.querySelector('.settled').textContent = `${rate(snapshot.loki.recordsPerSecond)} records/s stored: accepted, and credit again`
  }

  narrow.addEventListener('change', draw)
  draw()
  return fill
}

function stage (svg, name, title, x, y, width, height, place) {
  const group = element('g', { role: 'img', 'aria-label': title, transform: `translate(${x} ${y})`, 'data-stage': name }, svg)
  element('rect', { class: 'box', width, height, rx: 12 }, group)
  const text = (kind, [left, top, anchor = 'start']) => element('text', { class: kind, x: left, y: top, 'text-anchor': anchor }, group)
  text('name', place.name).textContent = title
  const texts = {
    value: text('value', place.value),
    unit: text('note', place.unit),
    first: text('note', place.first),
    second: text('note', place.second),
    flag: text('flag', place.flag)
  }
  texts.value.textContent = '-'
  const [left, top, long] = place.meter
  const meter = element('g', { visibility: 'hidden' }, group)
  element('rect', { class: 'meter', x: left, y: top, width: long, height: 4, rx: 2 }, meter)
  return { group, texts, width: long, level: element('rect', { class: 'level', x: left, y: top, width: 0, height: 4, rx: 2 }, meter) }
}

function drawBoxes (svg) {
  const { width, height, gap, top } = BOX
  const whole = STAGES.length * width + (STAGES.length - 1) * gap
  svg.setAttribute('viewBox', `0 0 ${whole + 4} ${top + height + 52}`)
  const middle = top + height / 2
  const at = i => 2 + i * (width + gap)
  for (let i = 1; i < STAGES.length; i++) pipe(svg, `M${at(i) - gap + 4} ${middle}H${at(i) - 4}`)
  const [from, to, low] = [at(5) + width / 2, at(1) + width / 2, top + height + 26]
  pipe(svg, `M${from} ${top + height + 5}V${low - 10}q0 10-10 10H${to + 10}q-10 0-10-10V${top + height + 5}`, 'back')
  element('text', { class: 'note settled', x: (from + to) / 2, y: low + 18, 'text-anchor': 'middle' }, svg)
  return new Map(STAGES.map(([name, title], i) => [name, stage(svg, name, title, at(i), top, width, height, {
    name: [14, 24],
    value: [14, 54],
    unit: [14, 70],
    first: [14, 90],
    second: [14, 105],
    flag: [width / 2, -7, 'middle'],
    meter: [14, 112, width - 28]
  })]))
}

function drawRows (svg) {
  const { width, height, gap, top } = ROW
  const whole = STAGES.length * height + (STAGES.length - 1) * gap
  svg.setAttribute('viewBox', `0 0 ${width + 44} ${top + whole + 30}`)
  const at = i => top + i * (height + gap)
  for (let i = 1; i < STAGES.length; i++) pipe(svg, `M${width / 2} ${at(i) - gap + 4}V${at(i) - 4}`)
  const [from, to, right] = [at(5) + height / 2, at(1) + height / 2, width + 26]
  pipe(svg, `M${width + 6} ${from}H${right - 10}q10 0 10-10V${to + 10}q0-10-10-10H${width + 6}`, 'back')
  element('text', { class: 'note settled', x: (width + 44) / 2, y: top + whole + 22, 'text-anchor': 'middle' }, svg)
  return new Map(STAGES.map(([name, title], i) => [name, stage(svg, name, title, 2, at(i), width, height, {
    name: [16, 26],
    value: [16, 58],
    unit: [16, 76],
    first: [width - 16, 58, 'end'],
    second: [width - 16, 76, 'end'],
    flag: [width - 16, 26, 'end'],
    meter: [16, 83, width - 32]
  })]))
}

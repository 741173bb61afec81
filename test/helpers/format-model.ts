import type { Format, Reading } from '../../src/worker/formats/format.ts'
import { JSON_KEYS } from '../../src/worker/formats/json-keys.ts'
import { type Level, levelOfWord, LEVELS } from '../../src/worker/formats/levels.ts'
import { FORMATS } from '../../src/worker/formats/table.ts'

/**
 * A second, plain reader of lines: the table's patterns as JavaScript's own regular expressions, one after the other.
 * A line is a string with a character for each byte.
 */
const HEAD = 1024
const JSON_HEAD = 16384
const TIME = String.raw`\[?\d{4}([-/])\d\d\1\d\d(?:T| {1,2})\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|(?: ?[+-]\d\d:?\d\d)?(?: UTC| GMT)?)`
const AT_TIME = new RegExp(`^${TIME}`)
const WRAPPED = new RegExp(`^${TIME}(?: (?:stdout|stderr) [FP] ?| (?=${TIME.replace('\\1', '\\2')}))`)
const NAME = /^(?=[^\d])([\w./@+-]{1,128})(?:\[\d+\])?:? /
const DIRT = /\0|(?:\x1b|#033)\[[\d;]{0,15}[mK]/g // eslint-disable-line no-control-regex
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i
const DEFAULT = /^(?:\xef\xbb\xbf)?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} (?<pid>\d{1,10}) (?<word>CRITICAL|ERROR|WARNING|INFO|DEBUG|AUDIT)(?:$| (?:$|(?=[A-Za-z_])[^ \]]*(?:$|[ \]](?:$|(?![\0- #])(?!\[[\0- #])))))/s

export interface Read { format: string | undefined, read: Reading }

export function modelOf (line: string): Read {
  // The line is bytes, and the head ends behind a whole character.
  let end = HEAD
  while (line.length > HEAD && end > HEAD - 3 && /[\x80-\xbf]/.test(line[end])) end--
  const head = line.slice(0, end)
  const usual = DEFAULT.exec(head)?.groups
  const isUsual = usual !== undefined && head.length - (head.startsWith('\xef\xbb\xbf') ? 3 : 0) >= 30
  if (!isUsual && line.startsWith('{')) {
    const object = ofJson(line)
    if (object !== undefined) return object
  }
  const clean = isUsual ? head : head.replace(DIRT, '')
  return ofLine(clean, clean === head ? line : clean)
}

function ofLine (head: string, whole: string): Read {
  let format: Format | undefined
  let read: Reading = {}
  let at = 0
  for (let depth = 0; depth < 6 && at < head.length; depth++) {
    at = unwrapped(head, at)
    const object = head[at] === '{' ? ofJson(whole.slice(at)) : undefined
    if (object !== undefined) return { format: object.format, read: { ...read, ...object.read } }
    const found = matched(head, at)
    if (found === undefined) break
    if (found.format.wraps !== true) format = found.format
    read = { ...read, ...found.read }
    if (found.inner === undefined) break
    at = found.inner
  }
  return { format: format?.name, read }
}

function unwrapped (head: string, at: number): number {
  if (head.startsWith('\xef\xbb\xbf', at) && head.length - at > 3) at += 3
  for (let i = 0; i < 3; i++) at += WRAPPED.exec(head.slice(at))?.[0].length ?? 0
  return at
}

interface Match { format: Format, read: Reading, inner: number | undefined }

function matched (head: string, at: number): Match | undefined {
  const here = matchedHere(head, at)
  if (here !== undefined) return here
  const name = NAME.exec(head.slice(at))
  if (name === null) return undefined
  const behind = matchedHere(head, unwrapped(head, at + name[0].length))
  return behind?.format.untimed === true && !/[^A-Za-z_]/.test(name[1]) ? undefined : behind
}

function matchedHere (head: string, at: number): Match | undefined {
  const time = AT_TIME.exec(head.slice(at))?.[0].length
  const from = at + (time ?? 0)
  for (const format of FORMATS) {
    if (format.begins !== (time === undefined ? 'line' : 'time') || format.kernel === 'json') continue
    const found = new RegExp(format.pattern.source, 'd').exec(head.slice(from))
    if (found === null || found[0].length > (format.within ?? Infinity)) continue
    const { groups = {}, indices } = found
    const placeOf = (group: string): number | undefined => {
      const place = indices?.groups?.[group]?.[0]
      return place === undefined ? undefined : from + place
    }
    const read: Reading = {}
    const level = LEVELS.find(name => groups[name] !== undefined)
    if (level !== undefined) read.level = level
    if (groups.pid !== undefined && groups.pid.length <= 10) read.pid = groups.pid
    if (groups.instance !== undefined) read.instance_id = groups.instance
    const context = placeOf('context')
    const domain = placeOf('domain')
    if (context !== undefined) Object.assign(read, contextOf(head.slice(context)))
    if (domain !== undefined) {
      const id = /uuid=([\da-fA-F]{8}-[\da-fA-F]{4}-[\da-fA-F]{4}-[\da-fA-F]{4}-[\da-fA-F]{12})/.exec(head.slice(domain))?.[1]
      if (id !== undefined) read.instance_id = id
    }
    return { format, read, inner: placeOf('inner') }
  }
  return undefined
}

/** What stands behind oslo.log's level. */
function contextOf (text: string): Reading {
  const brackets = /^:? *(?:(?!\[)[^ \]]*(?=[ \]]|$) *)?(\[[^]*)/.exec(text)?.[1]
  if (brackets === undefined) return {}
  const instance = instanceOf(brackets)
  if (instance !== undefined) return { instance_id: instance }
  const [, first = '', second = ''] = /^\[([^ \]]*)(?: ([^ \]]*))?/.exec(brackets) ?? []
  const [one, two] = [kindOf(first), kindOf(second)]
  const read: Reading = {}
  if (one === 'global') read.global_request_id = first.slice(1)
  if ((one === 'request' || one === 'uuid') && two === 'request') read.global_request_id = first
  if (two === 'request' || (two === 'uuid' && (one === 'global' || one === 'none'))) read.request_id = second
  else if (one === 'request' || one === 'uuid') read.request_id = first
  const behind = /^[^\]]*\] ([^]*)/.exec(brackets)?.[1]
  const id = behind === undefined ? undefined : instanceOf(behind)
  if (id !== undefined) read.instance_id = id
  return read
}

function kindOf (word: string): 'request' | 'global' | 'uuid' | 'none' | 'other' {
  if (isRequestId(word)) return 'request'
  if (word.startsWith('g') && (isRequestId(word.slice(1)) || UUID.test(word.slice(1)))) return 'global'
  if (UUID.test(word)) return 'uuid'
  return word === 'None' || word === 'gNone' ? 'none' : 'other'
}

function isRequestId (word: string): boolean {
  return word.startsWith('req-') && word.length > 4 && word.length <= 64
}

function instanceOf (text: string): string | undefined {
  return /^\[instance: ([^ \]]{1,64})\]/.exec(text)?.[1]
}

/** A record in JSON, as far as it is one. Undefined where it says nothing. */
function ofJson (line: string): Read | undefined {
  const text = line.slice(0, JSON_HEAD)
  const found = new Map<string, string>()
  walk(text, 1, 0, found)
  const string = (key: string): string | undefined => /^"([^]*)"$/.exec(found.get(key) ?? '')?.[1]
  const read: Reading = {}
  let level = JSON_KEYS.slice(0, 5).map(key => levelOfWord(string(key) ?? '')).find(level => level !== undefined)
  if (level === undefined && found.get('t')?.startsWith('{') === true) level = ofLetter(string('s') ?? '')
  const numbers = (key: string): string | undefined => /^(\d{1,10})[ \t\n\r]*$/.exec(found.get(key) ?? '')?.[1]
  let pid = found.has('levelname') ? numbers('process') : undefined
  if (level === undefined && found.get('tags')?.startsWith('[') === true) {
    const words = [...found.get('tags')!.matchAll(/"((?:[^"\\]|\\[^])*)"/g)].map(([, word]) => levelOfWord(word))
    level = words.find(word => word !== undefined)
    if (level !== undefined && !found.has('levelname')) pid = numbers('pid')
  }
  if (level !== undefined) read.level = level
  if (pid !== undefined) read.pid = pid
  const id = (key: string): string | undefined => {
    const word = string(key) ?? ''
    return isRequestId(word) || UUID.test(word) ? word : undefined
  }
  const ids: Reading = {}
  if (id('request_id') !== undefined) ids.request_id = id('request_id')
  if (id('global_request_id') !== undefined) ids.global_request_id = id('global_request_id')
  for (const key of ['instance', 'instance_uuid']) {
    const word = string(key) ?? ''
    const instance = UUID.test(word) ? word : instanceOf(word)
    if (instance !== undefined) ids.instance_id = instance
  }
  const says = level !== undefined || Object.keys(ids).length > 0
  return says ? { format: FORMATS.find(({ kernel }) => kernel === 'json')?.name, read: { ...read, ...ids } } : undefined
}

/** Finds the values of an object's keys, up to the first thing that is no JSON. Returns where the object ends. */
function walk (text: string, at: number, depth: number, found: Map<string, string>): number | undefined {
  const pair = /[ \t\n\r]*(?:(\})|,?[ \t\n\r]*"((?:[^"\\]|\\[^])*)"[ \t\n\r]*:[ \t\n\r]*)/y
  while (true) {
    pair.lastIndex = at
    const [all, end, key = ''] = pair.exec(text) ?? ['']
    if (all === '') return undefined
    at += all.length
    if (end !== undefined) return at
    const goesIn = depth === 0 && text[at] === '{' && (key === 'context' || key === 'extra')
    const behind = goesIn ? walk(text, at + 1, 1, found) : valueEnd(text, at)
    const wanted = (JSON_KEYS as readonly string[]).indexOf(key)
    if (wanted >= 0 && (wanted >= 12) === (depth === 1) && !found.has(key)) {
      found.set(key, behind !== undefined ? text.slice(at, behind) : text[at] === '{' ? '{' : '')
    }
    if (behind === undefined) return undefined
    at = behind
  }
}

function valueEnd (text: string, at: number): number | undefined {
  const token = /"(?:[^"\\]|\\[^])*"|[^"]/y
  for (let depth = 0; at < text.length;) {
    token.lastIndex = at
    const one = token.exec(text)?.[0]
    if (one === undefined) return undefined
    if ('}]'.includes(one) && depth === 0) return at
    if (one === ',' && depth === 0) return at
    if ('{['.includes(one)) depth++
    at += one.length
    if ('}]'.includes(one) && --depth === 0) return at
    if (one.length > 1 && depth === 0) return at
  }
  return undefined
}

function ofLetter (text: string): Level | undefined {
  if (/^D[^]?$/.test(text)) return 'debug'
  return ({ F: 'critical', E: 'error', W: 'warning', I: 'info' } as const)[text as 'F']
}

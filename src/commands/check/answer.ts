import type { Config } from '../../config/config.ts'
import { cleanText } from '../../log.ts'
import { type Answer, STORED_STATUS } from '../../sink/classify.ts'
import { type Finding, unfit } from './finding.ts'

export const TAKES_PUSHES = 'takes pushes'
export const LOKI_HINT = 'is Loki up, and are LOKEAN_LOKI_URL, LOKEAN_LOKI_TENANT and the credentials right?'

/** What Loki itself answers to a push without a stream. */
const EMPTY = { status: 422, text: /at least one valid stream/i }
const MAX_SHOWN = 400
const LIMITED = 'Loki takes pushes of this tenant, and limits them at the moment: each is tried again until it is stored'

/** What an answer to a push of the check says. */
export function judge (answer: Answer, config: Config): Finding {
  if (answer.kind === 'stored') {
    const believed = answer.status === STORED_STATUS ? '' : ` (it says ${answer.status}, which LOKEAN_LOKI_STORED_STATUS believes)`
    return { ok: true, detail: `${TAKES_PUSHES}${believed}` }
  }
  if (answer.kind === 'rejected') {
    const { status, message, hint = LOKI_HINT } = answer
    return unfit(inWords(`${status} ${message}`.trim()), missingLabels(message) ?? loginHint(status, message, config) ?? hint)
  }
  const { reason, status, message, hint } = answer
  if (reason === '429') return { ok: true, detail: `${cleanText(inWords(message))} (${LIMITED})` }
  if (status === undefined) return unfit(message, hint ?? LOKI_HINT)
  return unfit(told(status, inWords(message)), loginHint(status, message, config) ?? hint ?? (reason === '5xx' ? NOT_READY : LOKI_HINT))
}

/** What an answer to an empty push says. Only Loki's own words make its refusal the right answer. */
export function judgeEmpty (answer: Answer, config: Config): Finding {
  const loki = answer.kind === 'stored' || (answer.kind === 'rejected' && answer.status === EMPTY.status && EMPTY.text.test(answer.message))
  return loki ? { ok: true, detail: `${TAKES_PUSHES} (an empty one was tried)` } : judge(answer, config)
}

export const NOT_READY = 'Loki is starting, or one of its parts is down: its /ready and its log say which'

/** The beginning of an answer. A page in HTML says what it is by its title. */
export function inWords (text: string): string {
  const [status = ''] = text.split(' ', 1)
  if (/<(?:!doctype|html|head|body)\b/i.test(text)) {
    const title = /<title[^>]*>\s*([^<]*?)\s*<\/title>/i.exec(text)?.[1] ?? ''
    return title === '' ? `${status} with a page` : `${status} with a page (${JSON.stringify(title)})`
  }
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim()
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}...` : line
}

function told (status: number, words: string): string {
  if (status >= 200 && status < 300) return `${words}, where Loki says 204: something else answers, such as a login page`
  if (status >= 300 && status < 400) return `${words}: a redirect, such as to a login page, and no answer of Loki`
  if (status === 404 || status === 405) return `${words}: no push endpoint is there`
  return words
}

function loginHint (status: number, message: string, { loki: { login } }: Config): string | undefined {
  const { token, username } = login.current
  if (/no org id/i.test(message)) return 'Loki wants a tenant: set LOKEAN_LOKI_TENANT, or give one behind the address (address;tenant=name)'
  if (status !== 401 && status !== 403) return undefined
  if (token !== undefined) return 'LOKEAN_LOKI_TOKEN is not taken: has it expired, and may it push as this tenant (LOKEAN_LOKI_TENANT)?'
  if (username !== undefined) return 'the login is not taken: check LOKEAN_LOKI_USERNAME and LOKEAN_LOKI_PASSWORD (or LOKEAN_LOKI_URL), and LOKEAN_LOKI_TENANT'
  return 'a login is wanted: set LOKEAN_LOKI_TOKEN, or LOKEAN_LOKI_USERNAME and LOKEAN_LOKI_PASSWORD'
}

/** Loki names the labels that it misses. Undefined where it misses none. */
function missingLabels (message: string): string | undefined {
  const listed = /missing required labels '?([\w, ]+?)'? for user/i.exec(message)?.[1]
  if (listed === undefined) return undefined
  const names = listed.split(/[\s,]+/)
  const what = names.length > 1 ? 'labels' : 'label'
  return `Loki wants the ${what} ${names.join(' and ')} of every stream, those of Lokean's own entries too: ${giveLabels(names)}`
}

/** How the settings give labels to all streams of an address. */
export function giveLabels (names: readonly string[], address = 'address'): string {
  const pairs = names.map(name => `${name}=value`)
  return `give by LOKEAN_LOKI_LABELS (${pairs.join(',')}), or behind the address (${[address, ...pairs].join(';')})`
}

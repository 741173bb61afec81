import { X509Certificate } from 'node:crypto'
import { certificateBlocks } from './pem.ts'

const DAY_MS = 86_400_000
/** So long before a certificate ends, it is warned of. */
const WARN_MS = 30 * DAY_MS

/** When the first of the certificates ends, in Unix time. */
export function firstEnd (pem: string): number {
  return Math.min(...certificateBlocks(pem).map(block => Date.parse(new X509Certificate(block).validTo))) / 1000
}

/** In words, until when the certificates of a setting are valid. `end`: see firstEnd. `soon`: it is to be warned of. */
export function describeEnd (end: number, nowMs: number): { words: string, soon: boolean } {
  const day = new Date(end * 1000).toISOString().slice(0, 10)
  const leftMs = end * 1000 - nowMs
  const count = Math.floor(Math.abs(leftMs) / DAY_MS)
  const days = `${count} day${count === 1 ? '' : 's'}`
  return { words: leftMs < 0 ? `ended on ${day}, ${days} ago` : `ends on ${day}, in ${days}`, soon: leftMs < WARN_MS }
}

/** Until when the certificates of a setting are valid. */
export interface Certificate { setting: string, ends: string, words: string, soon: boolean }

export function certificatesOf (ends: Readonly<Record<string, number>>, nowMs: number): Certificate[] {
  return Object.entries(ends).map(([setting, end]) => ({
    setting, ends: new Date(end * 1000).toISOString(), ...describeEnd(end, nowMs)
  }))
}

/** A line for each setting with a certificate that ends soon, or has ended. */
export function endingSoon (ends: Readonly<Record<string, number>>, nowMs: number): string[] {
  return certificatesOf(ends, nowMs).flatMap(({ setting, words, soon }) => {
    return soon ? [`${setting} has a certificate that ${words}: renew it`] : []
  })
}

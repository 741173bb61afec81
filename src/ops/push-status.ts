import type { Answer } from '../sink/classify.ts'

/** The answer to a push; `none` where there was no answer. */
export const PUSH_STATUSES = ['2xx', '400', '429', '4xx', '5xx', 'other', 'none'] as const
export type PushStatus = typeof PUSH_STATUSES[number]

/** The `status` label of a push: `2xx` means stored, and `none` is a push without an answer. */
export function pushStatus ({ kind, status }: Answer): PushStatus {
  if (kind === 'stored') return '2xx'
  if (status === undefined) return 'none'
  if (status === 400 || status === 429) return `${status}`
  const hundreds = Math.floor(status / 100)
  return hundreds === 4 || hundreds === 5 ? `${hundreds}xx` : 'other'
}

/** Grafana's names for levels (`detected_level`). The kernel knows them by their index (kernel/assembly/levels.ts). */
export const LEVELS = ['critical', 'error', 'warning', 'info', 'debug'] as const
export type Level = typeof LEVELS[number]

/** The words for each level, in lower case. They count in any case, and only where a format has its level. */
export const LEVEL_WORDS: Readonly<Record<Level, readonly string[]>> = {
  critical: ['critical', 'fatal', 'emerg', 'emergency', 'alert', 'crit', 'panic', 'emer'],
  error: ['error', 'err', 'eror', 'severe'],
  warning: ['warning', 'warn', 'wrn'],
  info: ['info', 'notice', 'note', 'inf', 'log', 'informational', 'information', 'audit'],
  debug: ['debug', 'dbg', 'dbug', 'trace', 'trc']
}

export function levelOfWord (word: string): Level | undefined {
  const lower = word.toLowerCase()
  return LEVELS.find(level => LEVEL_WORDS[level].includes(lower))
}

/**
 * The source of a pattern that takes one of the words, each in the group that is named after its level. `WARN=warning`
 * says the level of a word that is in no list.
 */
export function levels (words: string): string {
  const byLevel = new Map<Level, string[]>()
  for (const word of words.split(' ')) {
    const [text = '', given] = word.split('=')
    const level = (given ?? levelOfWord(text)) as Level | undefined
    if (level === undefined) throw new Error(`${word} is no level`)
    byLevel.set(level, [...byLevel.get(level) ?? [], text.replace(/[^\w]/g, '\\$&')])
  }
  return `(?:${[...byLevel].map(([level, texts]) => `(?<${level}>${texts.join('|')})`).join('|')})`
}

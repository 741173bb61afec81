import { GROUPS, type Option } from './option.ts'
import { OPTION_NAMES, type OptionName, optionOf } from './options.ts'

/** The default as people read it; empty where there is none. */
function defaultText (option: Option): string {
  return option.computed ?? option.default ?? ''
}

/** The pages' table of settings, with its header. */
export function settingsMarkdown (): string {
  const rows = OPTION_NAMES.map((name) => {
    const option = optionOf(name)
    const fallback = option.computed ?? (option.default === undefined ? '' : `\`${option.default}\``)
    const text = option.secret ? `${option.text} (secret)` : option.text
    return `| \`${name}\` | ${fallback} | ${text.replaceAll('|', '\\|')} |`
  })
  return ['| name | default | meaning |', '| --- | --- | --- |', ...rows, ''].join('\n')
}

/** The settings section of `--help`, at most `width` columns wide. */
export function settingsHelp (width = 80): string {
  const lines: string[] = []
  for (const group of GROUPS) {
    lines.push('', `${group}:`)
    for (const name of OPTION_NAMES) {
      const option = optionOf(name)
      if (option.group === group) lines.push(...settingLines(name, option, width))
    }
  }
  return lines.slice(1).join('\n') + '\n'
}

function settingLines (name: OptionName, option: Option, width: number): string[] {
  const fallback = defaultText(option)
  const text = option.text.replaceAll('`', '') + (option.secret ? '; secret' : '')
  const head = fallback === '' ? `  ${name}` : `  ${name}  [${fallback}]`
  return [head, ...wrap(text, width - 6).map((line) => `      ${line}`)]
}

/** Breaks lines at spaces. A word that is longer than the width stays whole. */
export function wrap (text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return line === '' ? lines : [...lines, line]
}

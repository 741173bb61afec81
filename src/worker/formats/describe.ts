import { FORMATS } from './table.ts'

const MOST_CHARACTERS = 110

/** The pages' table of formats: of each a line, and what is read of it. */
export function formatsMarkdown (): string {
  const rows = FORMATS.map(({ name, samples }) => {
    const { line, read } = samples[0]!
    const fields = Object.entries(read).map(([field, value]) => field === 'level' ? String(value) : field).join(', ')
    return `| ${name} | ${code(line)} | ${fields === '' ? 'nothing' : fields} |`
  })
  return ['| format | such as | read |', '| --- | --- | --- |', ...rows, ''].join('\n')
}

function code (line: string): string {
  const short = line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}...` : line
  const shown = short.replaceAll('\u001b', 'ESC').replaceAll('\t', ' ').replaceAll('|', '\\|')
  return shown.includes('`') ? `\`\` ${shown} \`\`` : `\`${shown}\``
}

import type { Arrow } from './cruise.ts'
import { COMMON, ROOMS } from './rooms.ts'

const WIDTH = 120

/** Draws the rooms from top to bottom, each with the rooms that it imports. */
export function drawing (arrows: readonly Arrow[]): string {
  const names = Object.keys(ROOMS)
  const column = Math.max(...names.map(({ length }) => length)) + 1
  const lines = names.flatMap(room => {
    const targets = (typeOnly: boolean): string[] =>
      names.filter(to => arrows.some(arrow => arrow.from === room && arrow.to === to && arrow.typeOnly === typeOnly))
    return [...fold(targets(false), '-->', column), ...fold(targets(true), '..>', column)]
      .map((line, index) => (index === 0 ? room : '').padEnd(column) + line)
      .concat(arrows.some(({ from }) => from === room) ? [] : [room])
  })
  return ['```text', ...lines, '', `any room --> ${COMMON.join('  ')}`, '```'].join('\n')
}

/** Puts as many names on a line as fit. */
function fold (names: readonly string[], arrow: string, indent: number): string[] {
  const lines: string[] = []
  for (const name of names) {
    const last = lines.at(-1)
    if (last !== undefined && indent + last.length + 2 + name.length <= WIDTH) lines[lines.length - 1] = `${last}  ${name}`
    else lines.push(`${last === undefined ? arrow : '   '} ${name}`)
  }
  return lines
}

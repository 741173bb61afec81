import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { parseCommand } from '../../src/cli/arguments.ts'
import { replay } from '../../src/commands/replay/replay.ts'
import type { Report } from '../../src/commands/replay/report.ts'
import type { Stack } from './stack.ts'

export interface Replay { code: number, report: Report, stderr: string }

class Collected extends Writable {
  text = ''

  override _write (chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

/** Runs `lokean replay --json <flags>` in this process, against the Loki at the URL. */
export async function runReplay (
  url: string, flags: readonly string[], env: Record<string, string> = {}, stopping = new AbortController().signal
): Promise<Replay> {
  const command = parseCommand(['replay', '--json', ...flags])
  assert.ok(command.command === 'replay')
  const [stdout, stderr] = [new Collected(), new Collected()]
  const settings = { LOKEAN_LOKI_URL: url, LOKEAN_WORKERS: '1', LOKEAN_LOG_LEVEL: 'silent', ...env }
  const code = await replay({
    env: settings,
    readEnv: () => settings,
    onHangup: () => {},
    stdout,
    stderr,
    stdin: process.stdin,
    stopping,
    onFault: () => {}
  }, command)
  return { code, report: JSON.parse(stdout.text) as Report, stderr: stderr.text }
}

/** How many entries are left, by reason. */
export function leftCounts ({ left }: Report): Record<string, number> {
  return Object.fromEntries(Object.entries(left).map(([reason, { count }]) => [reason, count]))
}

export interface Placed { labels: string, time: bigint, line: string }

/** All that is stored by line, except quarantine and marks. */
export function placed (stack: Pick<Stack, 'stored'>, tenant?: string): Placed[] {
  return stack.stored(tenant)
    .filter(({ labels }) => !labels.includes('source="lokean"'))
    .map(({ labels, time, line }) => ({ labels, time, line: line.toString() }))
    .sort((a, b) => a.line < b.line ? -1 : 1)
}

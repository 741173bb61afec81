import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCertificate } from '../harness/inputs/certificate.ts'
import type { NoisyResult, StormResult, SuiteOptions } from '../outcome/results.ts'
import { measureNoisy } from './crowd-noisy.ts'
import { measureStorm } from './crowd-storm.ts'

const FULL = { storms: [2_000, 10_000], repeats: 3, windowMs: 5_000 }
const QUICK = { storms: [200], repeats: 1, windowMs: 1_500 }
/** What each process opens beside its senders' connections. */
const OTHER_FILES = 500

export interface CrowdMeasured { storms: StormResult[], noisy: NoisyResult[], notes: string[] }

/** Measures many senders at a time: that all come back at once after a restart, and that one of them is very loud. */
export async function crowd ({ quick, progress }: SuiteOptions): Promise<CrowdMeasured> {
  const { storms, repeats, windowMs } = quick ? QUICK : FULL
  const folder = mkdtempSync(join(tmpdir(), 'lokean-crowd-'))
  const measured: CrowdMeasured = { storms: [], noisy: [], notes: [] }
  try {
    const certificate = makeCertificate(folder)
    for (const connections of certificate === undefined ? [] : storms) {
      if (connections + OTHER_FILES > mostFiles()) {
        measured.notes.push(`crowd: ${connections} senders, with ${mostFiles()} open files (ulimit -Hn)`)
        continue
      }
      progress(`crowd: ${connections} senders over TLS come back at once`)
      measured.storms.push(await measureStorm(connections, certificate))
    }
    if (certificate === undefined) measured.notes.push('crowd: senders over TLS, without openssl')
    measured.noisy.push(await measureNoisy({ repeats, windowMs }, progress))
    return measured
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Node raises its own limit to the hard one. */
function mostFiles (): number {
  const { userLimits } = process.report.getReport() as unknown as { userLimits?: { open_files?: { hard: number | string } } }
  return Number(userLimits?.open_files?.hard) || Infinity
}

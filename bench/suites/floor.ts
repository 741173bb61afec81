import { Floor } from '../harness/floor/floor.ts'
import type { FloorResult, SuiteOptions } from '../outcome/results.ts'
import { spreadOf } from '../outcome/spread.ts'

const WHAT = 'one thread: UTF-8 decode and JSON.parse of each record, snappy of the messages in blocks of 1 MiB'
const HOSTS = 100
const RECORDS_PER_MESSAGE = 100

/** Measures CPU of the plain way alone, with nothing else of the bench running. */
export async function floor ({ quick, progress }: SuiteOptions): Promise<FloorResult> {
  const [rounds, ms] = quick ? [3, 200] : [9, 500]
  const plain = await Floor.start({ recordsPerMessage: RECORDS_PER_MESSAGE, hosts: HOSTS }, ms)
  try {
    const all: number[] = []
    const linesOnly: number[] = []
    for (let round = 0; round < rounds; round++) {
      progress(`floor: round ${round + 1} of ${rounds}`)
      all.push(await plain.measure(ms))
      linesOnly.push(await plain.measure(ms, 'lines'))
    }
    const spread = spreadOf(all)
    return {
      usPerRecord: spread.median, linesOnlyUsPerRecord: spreadOf(linesOnly).median, spread, recordBytes: plain.recordBytes, what: WHAT
    }
  } finally {
    await plain.close()
  }
}

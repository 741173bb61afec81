import { beside, Child } from '../harness/child.ts'
import type { MicroResult, SuiteOptions } from '../outcome/results.ts'
import { type MicroMethods, QUESTIONS } from './questions.ts'

/**
 * The steps that the program's cost is made of, each beside the other ways to do it that were considered. The alternatives of a question
 * share a process, and questions do not: none is compiled for what another one does.
 */
export async function micro ({ quick, progress }: SuiteOptions): Promise<MicroResult[]> {
  const results: MicroResult[] = []
  for (const [index, question] of QUESTIONS.entries()) {
    progress(`micro ${index + 1} of ${QUESTIONS.length}: ${question}`)
    const child = new Child<MicroMethods>(`micro ${question}`, beside('micro.process', import.meta.url))
    try {
      results.push(...await child.call('measure', question, quick))
    } finally {
      await child.close()
    }
  }
  return results
}

import { beside, Child } from '../harness/child.ts'
import type { MicroResult, SuiteOptions } from '../outcome/results.ts'
import { type MicroMethods, QUESTIONS } from './questions.ts'

/**
 * Times the steps that make up the program's cost, each beside the other ways that were considered. Each question has a
 * process of its own, so that V8 compiles no alternative for the data of another question.
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

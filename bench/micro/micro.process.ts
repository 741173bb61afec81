import { serve } from '../harness/child.ts'
import type { MicroResult } from '../outcome/results.ts'
import { type Effort, FULL, QUICK } from './measure.ts'
import type { MicroMethods, QuestionName } from './questions.ts'

/** Each module is loaded on demand, so that V8 has seen only the compared code. */
const QUESTIONS: Record<QuestionName, () => Promise<(effort: Effort) => Promise<MicroResult[]>>> = {
  'record-parse': async () => (await import('./record-parse.ts')).recordParse,
  syslog: async () => (await import('./syslog.ts')).syslog,
  labels: async () => (await import('./labels.ts')).labels,
  encode: async () => (await import('./encode.ts')).encode,
  snappy: async () => (await import('./snappy.ts')).snappyBlock,
  join: async () => (await import('./join.ts')).join,
  transfer: async () => (await import('./transfer.ts')).transfer,
  frames: async () => (await import('./frames.ts')).frames,
  ack: async () => (await import('./ack.ts')).ack
}

const methods: MicroMethods = {
  measure: async (question, quick) => await (await QUESTIONS[question]())(quick ? QUICK : FULL)
}
serve(methods)

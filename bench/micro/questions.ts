import type { MicroResult } from '../outcome/results.ts'

/** Each a file of this folder. */
export const QUESTIONS = ['record-parse', 'labels', 'encode', 'snappy', 'join', 'transfer', 'frames', 'ack'] as const
export type QuestionName = typeof QUESTIONS[number]

/** What the process of a question is asked for. */
export type MicroMethods = {
  measure: (question: QuestionName, quick: boolean) => Promise<MicroResult[]>
}

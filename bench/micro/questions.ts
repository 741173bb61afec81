import type { MicroResult } from '../outcome/results.ts'

/** Each question is a file of this folder. */
export const QUESTIONS = ['record-parse', 'syslog', 'labels', 'encode', 'snappy', 'join', 'transfer', 'frames', 'ack'] as const
export type QuestionName = typeof QUESTIONS[number]

/** The methods of a question's process. */
export type MicroMethods = {
  measure: (question: QuestionName, quick: boolean) => Promise<MicroResult[]>
}

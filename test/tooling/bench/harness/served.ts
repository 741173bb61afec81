import { serve } from '../../../../bench/harness/child.ts'

/** A process for the tests of Child: it answers, throws, and dies. */
export type ServedMethods = {
  double: (number: number) => Promise<number>
  refuse: () => never
  die: () => Promise<never>
}

const methods: ServedMethods = {
  double: async number => await Promise.resolve(number * 2),
  refuse: () => { throw new Error('not today') },
  die: async () => {
    setImmediate(() => { throw new Error('as asked') })
    return await new Promise(() => {})
  }
}
serve(methods)

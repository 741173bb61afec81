/**
 * The seed of what a test draws: `LOKEAN_TEST_SEED` where it is set, else another with each run. `.ci/run` sets it to
 * the commit's own number: each change is tried with other draws, and what passed once passes again.
 */
export function anySeed (): number {
  const { LOKEAN_TEST_SEED } = process.env
  if (LOKEAN_TEST_SEED === undefined || LOKEAN_TEST_SEED === '') return Math.floor(Math.random() * 2 ** 31)
  const seed = Number(LOKEAN_TEST_SEED)
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 31) throw new Error(`LOKEAN_TEST_SEED must be a whole number below 2^31, not "${LOKEAN_TEST_SEED}"`)
  return seed
}

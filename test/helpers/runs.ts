/** A thorough run tries properties on as many examples as a change must stand to land. `.ci/run` asks for it. */
const THOROUGH = process.env.LOKEAN_TEST_THOROUGH === '1'

/** The number of examples that a property is tried on. Where somebody waits for the tests, a fifth of `thorough`. */
export function runs (thorough: number): number {
  return THOROUGH ? thorough : Math.ceil(thorough / 5)
}

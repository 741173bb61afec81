/** A thorough run tries as much as a change must stand to land. `.ci/run` asks for it. */
const THOROUGH = process.env.LOKEAN_TEST_THOROUGH === '1'

/** How many examples a property is tried on, or how many records a test sends. A fifth where somebody waits. */
export function scaled (thorough: number): number {
  return THOROUGH ? thorough : Math.ceil(thorough / 5)
}

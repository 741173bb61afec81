/** How strongly an operator binds its left and its right operand. */
export type Power = readonly [left: number, right: number]

/**
 * Joins operands by the operators between them, as a grammar with these powers does. Grafana's grammar is made for an
 * editor, and its order of operators is not the one in which Loki evaluates them.
 */
export function associate<T, O> (
  operands: readonly T[],
  operators: readonly O[],
  powerOf: (operator: O) => Power,
  join: (operator: O, left: T, right: T) => T
): T {
  let place = 0
  const climb = (least: number): T => {
    let left = operands[place] as T
    while (place < operators.length) {
      const operator = operators[place]!
      const [power, rightPower] = powerOf(operator)
      if (power < least) break
      place++
      left = join(operator, left, climb(rightPower))
    }
    return left
  }
  return climb(0)
}

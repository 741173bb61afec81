/** How strongly an operator binds what stands left and right of it. */
export type Power = readonly [left: number, right: number]

/**
 * Joins operands by the operators between them as a grammar with these powers does. Grafana's grammar, made for an editor, leaves
 * operators in another order than the one in which Loki works them out.
 */
export function associate<T, O> (operands: readonly T[], operators: readonly O[], powerOf: (operator: O) => Power, join: (operator: O, left: T, right: T) => T): T {
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

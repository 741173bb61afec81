export interface Scale {
  /** Returns the position of a value in pixels. */
  at (value: number): number
  ticks: readonly number[]
}

/** Makes a scale from 0 at `bottom` to a round number not below `max` at `top`. */
export function linearScale (max: number, bottom: number, top: number, steps = 5): Scale {
  const step = roundStep((max > 0 ? max : 1) / steps)
  const end = Math.ceil((max > 0 ? max : 1) / step - 1e-9) * step
  const count = Math.round(end / step)
  return {
    at: value => bottom - value / end * (bottom - top),
    ticks: Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)))
  }
}

/** Makes a scale in powers of ten, for values above 0. */
export function logScale (min: number, max: number, bottom: number, top: number): Scale {
  const from = Math.floor(Math.log10(min))
  const to = Math.max(from + 1, Math.ceil(Math.log10(max)))
  return {
    at: value => bottom - (Math.log10(value) - from) / (to - from) * (bottom - top),
    ticks: Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index))
  }
}

/** Returns the next 1, 2, 2.5 or 5 times a power of ten. */
function roundStep (least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return ([1, 2, 2.5, 5].find(factor => factor * power >= least * (1 - 1e-9)) ?? 10) * power
}

/** Moves positions apart to at least `gap`, as little as possible. Their order stays. */
export function spaced (positions: readonly number[], gap: number): number[] {
  const order = positions.map((_, index) => index).sort((a, b) => positions[a] - positions[b])
  // Positions that touch move as one block around the middle of their wanted places.
  const blocks: Array<{ members: number[], centre: number }> = []
  for (const index of order) {
    let block = { members: [index], centre: positions[index] }
    for (let below = blocks.at(-1); below !== undefined &&
      block.centre - below.centre < (below.members.length + block.members.length) * gap / 2; below = blocks.at(-1)) {
      blocks.pop()
      const members = [...below.members, ...block.members]
      block = { members, centre: (below.centre * below.members.length + block.centre * block.members.length) / members.length }
    }
    blocks.push(block)
  }
  const moved = [...positions]
  for (const { members, centre } of blocks) {
    members.forEach((index, place) => { moved[index] = centre + (place - (members.length - 1) / 2) * gap })
  }
  return moved
}

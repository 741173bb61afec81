/** The names of zones that mean one thing where they stand behind a date: four letters, hours from UTC. */
const ZONES: u32 = 20
const names: usize = memory.data<u32>([
  0x435455, 0x544d47, 0x544557, 0x54534557, // UTC GMT WET WEST
  0x544543, 0x54534543, 0x54454d, 0x5453454d, // CET CEST MET MEST
  0x544545, 0x54534545, 0x4b534d, 0x54534a, // EET EEST MSK JST
  0x545345, 0x544445, 0x545343, 0x544443, // EST EDT CST CDT
  0x54534d, 0x54444d, 0x545350, 0x544450 // MST MDT PST PDT
])
const hours: usize = memory.data<i8>([0, 0, 0, 1, 1, 2, 1, 2, 2, 3, 3, 9, -5, -4, -6, -5, -7, -6, -8, -7])

export const NO_ZONE: i32 = 127

/** Behind the name of a zone at `at`; `at` where there is none. */
export function nameEnd (at: usize, end: usize): usize {
  let last = at
  while (last < end && last < at + 5 && <u32>load<u8>(last) - 0x41 < 26) last++
  return hoursOf(at, last) === NO_ZONE ? at : last
}

export function hoursOf (start: usize, end: usize): i32 {
  const length = end - start
  if (length < 3 || length > 4) return NO_ZONE
  const name = load<u32>(start) & (length === 3 ? 0xffffff : 0xffffffff)
  for (let zone: u32 = 0; zone < ZONES; zone++) {
    if (load<u32>(names + (<usize>zone << 2)) === name) return <i32>load<i8>(hours + zone)
  }
  return NO_ZONE
}

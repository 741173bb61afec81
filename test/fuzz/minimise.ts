/**
 * Removes what it can from `input` while `fails` still holds: pieces of half the length, then of a quarter, down to
 * single bytes. It calls `fails` at most `tries` times.
 */
export async function minimise (input: Buffer, fails: (candidate: Buffer) => boolean | Promise<boolean>, tries = 2_000): Promise<Buffer> {
  let smallest = input
  for (let size = Math.ceil(input.length / 2); size >= 1 && tries > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < smallest.length && tries > 0; tries--) {
      const candidate = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + size)])
      if (await fails(candidate)) smallest = candidate
      else at += size
    }
  }
  return smallest
}

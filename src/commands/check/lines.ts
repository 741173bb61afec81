/** What a line has beyond this is left out: the head of a line tells its format. */
const MAX_LINE = 64 * 1024

/** The lines of a stream, without their ends. Holds no more than one line and what was read last. */
export async function * linesOf (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, from)) {
      yield Buffer.concat([rest, chunk.subarray(from, end)]).subarray(0, MAX_LINE)
      rest = Buffer.alloc(0)
      from = end + 1
    }
    rest = Buffer.concat([rest, chunk.subarray(from, from + MAX_LINE)]).subarray(0, MAX_LINE)
  }
  if (rest.length > 0) yield rest
}

/** Growable bytes that keep their size from batch to batch: no allocation once the largest batch has been seen. */
export class ByteBuffer {
  bytes: Buffer
  length = 0

  constructor (capacity: number) {
    this.bytes = Buffer.allocUnsafeSlow(capacity)
  }

  /** Makes room for `size` more bytes. `bytes` may be another buffer afterwards: read it again. */
  reserve (size: number): void {
    if (this.length + size <= this.bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + size))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
  }

  append (source: Uint8Array, start: number, end: number): void {
    this.reserve(end - start)
    copyBytes(source, start, end, this.bytes, this.length)
    this.length += end - start
  }
}

/** Short runs by hand, long ones natively: below some dozens of bytes the call costs more than the loop. */
export function copyBytes (source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): void {
  if (end - start > 64) target.set(source.subarray(start, end), at)
  else for (let i = start; i < end; i++) target[at++] = source[i]
}

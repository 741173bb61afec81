/** The time, in seconds, of an entry without one: Go's zero time, 0001-01-01T00:00:00Z. */
export const zeroTimeSeconds = -62135596800

/** Makes a column longer, by doubling. Columns keep their memory between pushes. */
function grown<T extends Float64Array | Int32Array> (column: T, Column: new (length: number) => T): T {
  const wider = new Column(column.length * 2)
  wider.set(column)
  return wider
}

/**
 * One PushRequest as columns of offsets into the decoded bytes, with no object, string or copy per entry. The entries
 * of stream `i` are those from `firstEntry[i]` up to, but not including, `firstEntry[i + 1]`. One object serves all
 * pushes.
 */
export class PushColumns {
  streams = 0
  entries = 0
  labelsStart = new Int32Array(64)
  labelsEnd = new Int32Array(64)
  firstEntry = new Int32Array(65)
  seconds = new Float64Array(256)
  nanos = new Int32Array(256)
  /** The whole Entry message. Its structured metadata is read when a query needs it. */
  entryStart = new Int32Array(256)
  entryEnd = new Int32Array(256)
  lineStart = new Int32Array(256)
  lineEnd = new Int32Array(256)
  metadataPairs = new Int32Array(256)
  /** Loki adds a `detected_level` to those that have none. */
  storedPairs = new Int32Array(256)
  /** The size of names and values, without those that Loki does not count (`detected_level`). */
  metadataBytes = new Int32Array(256)

  addStream (): number {
    if (this.streams === this.labelsStart.length) {
      this.labelsStart = grown(this.labelsStart, Int32Array)
      this.labelsEnd = grown(this.labelsEnd, Int32Array)
    }
    if (this.streams + 1 === this.firstEntry.length) this.firstEntry = grown(this.firstEntry, Int32Array)
    const stream = this.streams++
    this.labelsStart[stream] = this.labelsEnd[stream] = 0
    this.firstEntry[stream] = this.firstEntry[stream + 1] = this.entries
    return stream
  }

  addEntry (start: number, end: number): number {
    if (this.entries === this.seconds.length) {
      this.seconds = grown(this.seconds, Float64Array)
      this.nanos = grown(this.nanos, Int32Array)
      this.entryStart = grown(this.entryStart, Int32Array)
      this.entryEnd = grown(this.entryEnd, Int32Array)
      this.lineStart = grown(this.lineStart, Int32Array)
      this.lineEnd = grown(this.lineEnd, Int32Array)
      this.metadataPairs = grown(this.metadataPairs, Int32Array)
      this.storedPairs = grown(this.storedPairs, Int32Array)
      this.metadataBytes = grown(this.metadataBytes, Int32Array)
    }
    const entry = this.entries++
    this.seconds[entry] = zeroTimeSeconds
    this.nanos[entry] = this.lineStart[entry] = this.lineEnd[entry] = this.metadataPairs[entry] = this.metadataBytes[entry] = 0
    this.storedPairs[entry] = 1
    this.entryStart[entry] = start
    this.entryEnd[entry] = end
    return entry
  }
}

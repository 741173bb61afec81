/** A point in time as Loki has it: whole seconds since the epoch, and the nanoseconds behind them. */
export class Timestamp {
  seconds = 0
  nanos = 0

  get milliseconds (): number {
    return this.seconds * 1000 + this.nanos / 1e6
  }

  set (seconds: number, nanos: number): void {
    this.seconds = seconds
    this.nanos = nanos
  }

  advance (nanos: number): void {
    const total = this.nanos + nanos
    this.seconds += Math.floor(total / 1e9)
    this.nanos = total % 1e9
  }
}

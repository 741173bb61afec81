export interface Target {
  figure: string
  must: number
  /** Undefined where the target has only a `must`. */
  aim?: number
  /** Undefined where this run did not measure it. */
  measured: number | undefined
  unit: string
  /** Set where more is better. Less is better for most targets. */
  more?: true
  /** A text beside the measured value. */
  note?: string
  /** The aim then counts as met, because no more can be reached. */
  exhausted?: boolean
  /**
   * A busy machine does not change the figure, or by less than the `must` allows: it is a count, or a ratio of two CPU
   * times that were taken in turns. Rates, waits, and figures made of them do change. So does the main thread's share,
   * by a quarter, with the load of other processes.
   */
  steady?: true
  /** It needs rights or programs that a machine may lack. Not measured, it fails no gate. */
  optional?: true
}

declare module 'snappyjs' {
  /** Returns a snappy block of the same type as the input. */
  export function compress (bytes: Uint8Array): Uint8Array
}

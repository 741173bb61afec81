declare module 'snappyjs' {
  /** A snappy block, of the same kind as it was given. */
  export function compress (bytes: Uint8Array): Uint8Array
}

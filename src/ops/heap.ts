import { setFlagsFromString } from 'node:v8'

/*
 * V8's young generation stays at the megabyte that it begins with, in every thread, from the first import on. The daemon makes little
 * garbage (records never become objects), and the spaces that V8 would grow to for it took 50 MiB, and no less CPU.
 */
setFlagsFromString('--semi-space-growth-factor=1')

/** For what lives on objects: the embedded bus and store, the generator. */
export function letYoungGenerationGrow (): void {
  setFlagsFromString('--semi-space-growth-factor=2')
}

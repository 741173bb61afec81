import { cleanText } from '../../log.ts'

/** The result of one check. `hint`: where an operator should look, if it is not ok. */
export interface Finding { ok: boolean, detail: string, hint?: string }

/** The text of a peer may quote what Lokean sent, its credentials included, so secrets are removed. */
export function unfit (detail: string, hint: string): Finding {
  return { ok: false, detail: cleanText(detail), hint }
}

/** Others rely on the key `mend` in the JSON. */
export function inJson<T extends Finding> ({ hint, ...finding }: T): Omit<T, 'hint'> & { mend?: string } {
  return { ...finding, mend: hint }
}

import rhea from 'rhea'
import type { Delivery } from 'rhea'
import type { Outcome, OutcomeName, OwnOutcomes } from './ports.ts'

/** rhea's makers of outcomes. Its types omit them. */
type Make = (fields?: object) => { described (): unknown }
const make = rhea.message as unknown as Record<OutcomeName, Make>

const ACCEPTED: Outcome = { name: 'accepted', state: make.accepted().described() }

/** AMQP 1.0, 3.4: `released` means that anybody may try again; `modified` says that one delivery has failed. */
export const OWN_OUTCOMES: OwnOutcomes = {
  released: { name: 'released', state: make.released().described() },
  modified: { name: 'modified', state: make.modified({ delivery_failed: true }).described() }
}

/**
 * The peer's outcome for a delivery that was sent to it; undefined while there is none. A delivery that is settled
 * without an outcome counts as released, because nobody has taken it.
 */
export function outcomeOf (delivery: Delivery): Outcome | undefined {
  const state = delivery.remote_state as { described (): unknown, constructor: { composite_type?: OutcomeName | 'received' } } | undefined
  const name = state?.constructor.composite_type
  if (name === 'accepted') return ACCEPTED
  if (state !== undefined && (name === 'rejected' || name === 'released' || name === 'modified')) return { name, state: state.described() }
  return delivery.remote_settled ? OWN_OUTCOMES.released : undefined
}

import type { Connection as AmqpConnection, Receiver, Session } from 'rhea'
import type { Budget } from '../budget/budget.ts'
import type { Connection, Delivery, Range } from '../source.ts'
import { maxMessageBytes } from './credit.ts'
import { fingerprint } from './fingerprint.ts'
import { adoptReceivingHalf, requestWrite, sourceAddress } from './rhea.ts'
import { cameBack } from './sections.ts'
import { ReceivingSession } from './session.ts'

interface Options {
  connection: AmqpConnection
  budget: Budget
  onDelivery: (delivery: Delivery) => void
  onAttached: () => void
  /**
   * Called once, when no more deliveries can come. `reason` is the bus's own, or says what was wrong with the bus.
   * `condition` is that of the AMQP error, where there was one.
   */
  onEnded: (reason: string, condition?: string) => void
}

/**
 * One session with one receiving link, for one address, over one connection.
 *
 *     attaching --(bus attaches)--> attached --(detach, end, loss of the connection)--> gone
 *         `-----------(refusal: detach, end, loss of the connection)--------------------^
 *
 * Delivery ids belong to the session. A subscription that is gone settles nothing, and the next one counts anew.
 */
export class Subscription implements Connection {
  gone = false
  attached = false
  readonly #options: Options
  readonly #session: Session
  readonly #receiver: Receiver
  readonly #receiving: ReceivingSession

  constructor (options: Options) {
    this.#options = options
    const { connection, budget } = options
    const session = connection.create_session()
    this.#receiving = new ReceivingSession({
      budget,
      onDelivery: (id, message, cost) => {
        options.onDelivery({
          address: budget.address,
          connection: this,
          id,
          message,
          cost,
          fingerprint: fingerprint(message),
          redelivered: cameBack(message)
        })
      },
      onTooLarge: bytes => this.#refuse(bytes)
    })
    this.#session = session
    adoptReceivingHalf(session, this.#receiving)
    session.begin()
    this.#receiver = session.open_receiver({
      source: { address: budget.address },
      credit_window: 0,
      autoaccept: false,
      autosettle: false,
      // At least once: the bus keeps each delivery until it is settled (spec 2.8.2). One disposition settles it
      // (2.8.3).
      snd_settle_mode: 0,
      rcv_settle_mode: 0,
      max_message_size: maxMessageBytes(budget.largest)
    })
    this.#listen(session, this.#receiver)
  }

  settle (ranges: Range[]): void {
    if (this.gone) return
    this.#receiving.settle(ranges)
    requestWrite(this.#options.connection)
  }

  get credit (): number {
    return this.attached ? this.#receiving.credit : 0
  }

  /** Must be called when the budget has more room. */
  grant (): void {
    if (!this.gone && this.attached) this.#receiving.grant()
  }

  /** Must be called every few seconds. */
  nudge (): void {
    if (!this.gone && this.attached) this.#receiving.nudge()
  }

  /** Takes back all credit. Deliveries on their way still come, and can still be settled. */
  stop (): void {
    if (!this.gone) this.#receiving.stop()
  }

  /** Ends the subscription, because the connection is gone or about to be. */
  end (reason: string, condition?: string): void {
    if (this.gone) return
    this.gone = true
    this.attached = false
    this.#receiving.close()
    this.#options.onEnded(reason, condition)
  }

  /**
   * Ends the subscription while the connection goes on. The session is closed, so that the bus does not attach the link
   * late.
   */
  giveUp (reason: string): void {
    this.end(reason)
    // The session must be open before it is closed: else rhea would take the bus's begin frame for a wish to begin it
    // again.
    if (this.#session.is_open()) this.#session.close()
    else this.#session.once('session_open', () => this.#session.close())
  }

  #listen (session: Session, receiver: Receiver): void {
    const attached = (): void => {
      if (this.gone) return
      this.attached = true
      this.#receiving.open(receiver)
      this.#options.onAttached()
    }
    receiver.on('receiver_open', () => {
      // A bus that does not know the address attaches without a source, and detaches at once (spec 2.6.3). But some
      // buses always leave the source out. So the link counts as attached only a turn later.
      if (sourceAddress(receiver) === '') setImmediate(attached)
      else attached()
    })
    const ended = (otherwise: string): void => {
      const error = receiver.error ?? session.error
      this.end(describe(error) ?? otherwise, conditionOf(error))
    }
    const detached = (): void => ended('the bus detached the link')
    receiver.on('receiver_error', detached)
    receiver.on('receiver_close', () => {
      detached()
      // The link is closed first: rhea would answer the detach only after the end of the session, for which a bus
      // closes the connection.
      receiver.close()
      session.close()
    })
    const over = (): void => ended('the bus ended the session')
    session.on('session_error', over)
    session.on('session_close', over)
  }

  #refuse (bytes: number): void {
    const limit = maxMessageBytes(this.#options.budget.largest)
    this.#receiver.close({ condition: 'amqp:link:message-size-exceeded', description: `more than ${limit} bytes` })
    this.end(`a message of more than ${bytes} bytes came, and ${limit} is the most that the budget of this address can hold: ` +
      'raise LOKEAN_INFLIGHT_BYTES, or lower the sender\'s batch size (rsyslog: queue.dequeueBatchSize)')
  }
}

/** `condition: description` of an AMQP error, or undefined where there is none. */
export function describe (error: object | undefined | null): string | undefined {
  if (error === undefined || error === null) return undefined
  const { condition, description } = error as { condition?: string | null, description?: string | null }
  return [condition, description].filter(part => part !== undefined && part !== null && part !== '').join(': ') || 'an error without a name'
}

function conditionOf (error: object | undefined): string | undefined {
  return (error as { condition?: string } | undefined)?.condition ?? undefined
}

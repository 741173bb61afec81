import rhea, { type ConnectionOptions, type Delivery, type EventContext, type Receiver } from 'rhea'
import { loadConfig } from '../../../src/config/load.ts'

/**
 * A receiver with nothing behind it, run in the place of the program: it settles what comes and gives new credit, both
 * at once or gathered for LOKEAN_LINGER. No program that receives by rhea can cost less on the same bus.
 */
const { amqp, lingerMs } = loadConfig(process.env).config
const MAX_FRAME_BYTES = 64 * 1024
/** Messages that may be unsettled on a link. What a session can hold is settled at its half, whatever the linger. */
const CREDIT = 4096
const SESSION_MESSAGES = 2 * CREDIT

const [{ host, port, tls }] = amqp.urls
const login = amqp.login.current
const connection = rhea.create_container().create_connection({
  ...(tls ? { ca: login.ca, cert: login.cert, key: login.key?.reveal() } : {}),
  transport: tls ? 'tls' : 'tcp',
  host,
  port,
  // A name without a password makes rhea use SASL ANONYMOUS.
  username: login.username ?? 'anonymous',
  password: login.password?.reveal(),
  reconnect: false,
  tcp_no_delay: true,
  max_frame_size: MAX_FRAME_BYTES
} as ConnectionOptions)
let waiting: Delivery[] = []
let timer: NodeJS.Timeout | undefined

function settle (): void {
  clearTimeout(timer)
  timer = undefined
  for (const delivery of waiting) {
    delivery.accept()
    ;(delivery.link as unknown as Receiver).add_credit(1)
  }
  waiting = []
}

connection.on('message', ({ delivery }: EventContext & { delivery: Delivery }) => {
  waiting.push(delivery)
  if (lingerMs === 0 || waiting.length >= CREDIT / 2) settle()
  else timer ??= setTimeout(settle, lingerMs)
})
connection.connect()
for (const { address } of amqp.addresses) {
  const session = connection.create_session(SESSION_MESSAGES)
  session.begin()
  session.open_receiver({ source: { address }, credit_window: 0, autoaccept: false }).add_credit(CREDIT)
}
// As the program says it.
process.stdout.write(`${JSON.stringify({ msg: 'lokean is up', admin: '' })}\n`)
process.once('SIGTERM', () => process.exit())

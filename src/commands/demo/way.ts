import type { DemoOptions } from '../../cli/arguments.ts'
import type { Config } from '../../config/config.ts'
import { type LoadThread, startBusThread, startLoadThread } from '../../generator/bus-thread.ts'
import { busTarget, type LoadTarget } from '../load.ts'
import { freePort } from './free-port.ts'

/** How the records of a demo come to its Lokean. */
export interface Way {
  thread: LoadThread
  /** Settings of its Lokean, beside those that the environment gives. */
  settings: Readonly<Record<string, string>>
  target (config: Config): LoadTarget
  /** Whether a sender knows that its records are stored. */
  acknowledges: boolean
  /** Behind `sent 100 records`. */
  words: string
}

/** Frames are larger than a router's, because the demo should show the speed of Lokean, not of the bus. */
const MAX_FRAME_SIZE = 2 ** 20

/** Over the bus of the environment, or else over one of its own. */
async function busWay (given: ReadonlySet<string>, hosts: number): Promise<Way> {
  const thread = await startBusThread({ maxFrameSize: MAX_FRAME_SIZE })
  const real = given.has('LOKEAN_AMQP_URL')
  return {
    thread,
    settings: real ? {} : { LOKEAN_AMQP_URL: thread.url },
    target: config => busTarget(config, hosts),
    acknowledges: true,
    words: real ? 'over the bus of LOKEAN_AMQP_URL' : 'over the embedded bus'
  }
}

/** Straight to its Lokean. RFC 5424 has no place for cloud and region, so the listener gives them. */
async function listenerWay (via: 'relp' | 'syslog'): Promise<Way> {
  const url = `${via === 'relp' ? 'relp' : 'syslog+tcp'}://127.0.0.1:${await freePort()}`
  return {
    thread: await startLoadThread(),
    settings: { LOKEAN_AMQP_ADDRESSES: 'off', LOKEAN_LISTEN: via === 'relp' ? url : `${url};cloud=cloud1;region=regionOne` },
    target: () => ({ url, name: 'Lokean', addresses: [], form: via === 'relp' ? 'json' : 'rfc5424' }),
    acknowledges: via === 'relp',
    words: via === 'relp' ? 'by RELP' : 'by syslog over TCP, which acknowledges nothing,'
  }
}

export async function openWay ({ via, hosts }: DemoOptions, given: ReadonlySet<string>): Promise<Way> {
  return via === 'amqp' ? await busWay(given, hosts) : await listenerWay(via)
}

import { loadConfig } from '../../src/config/load.ts'

/** Names the bus and the store: `bench`, or the host from the environment. */
export function peers (env: NodeJS.ProcessEnv): { bus: string, loki: string } {
  const { config, given } = loadConfig(env)
  return {
    bus: given.has('LOKEAN_AMQP_URL') ? config.amqp.urls.map(({ host, port }) => `${host}:${port}`).join(', ') : 'bench',
    loki: given.has('LOKEAN_LOKI_URL') ? config.loki.urls.map(url => new URL(url).host).join(', ') : 'bench'
  }
}

import { setTimeout as pause } from 'node:timers/promises'
import { scenario } from './scenario.ts'

scenario('Loki', 'down at the start', {}, async site => {
  site.lokiWire.down()
  site.start()
  site.send()
  await site.stuck()
  await site.lokiWire.up()
  await site.over()
})

scenario('Loki', 'down for 20 s under load', { rate: 15_000, records: 400_000 }, async site => {
  site.start()
  site.send()
  await site.settled(0.1)
  site.lokiWire.down()
  await pause(20_000)
  await site.lokiWire.up()
  await site.over()
})

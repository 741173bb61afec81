import { parentPort, workerData } from 'node:worker_threads'
import { LokeanError } from '../errors.ts'
import { createGenerator } from './generator.ts'
import { oneByOne } from './record-form.ts'
import { startSenders } from './sender.ts'
import { startBus, type BusOptions } from '../embedded/bus/bus.ts'
import type { Reply, Request, ThreadLoadOptions } from './bus-thread.ts'

/** The thread of `startBusThread`: a bus where it is given options for one, and the loads that it is asked for. */
const port = parentPort
if (port === null) throw new Error('this file is the entry of a worker thread')

const options = workerData as BusOptions | undefined
const bus = options === undefined ? undefined : await startBus(options)
const loads = new Map<number, AbortController>()
const tell = (reply: Reply) => port.postMessage(reply)

async function runLoad (
  id: number, { url = bus?.url ?? '', recordsPerMessage, form, generator: generatorOptions, ...options }: ThreadLoadOptions
) {
  const generator = form === undefined
    ? createGenerator({ ...generatorOptions, recordsPerMessage })
    : oneByOne(createGenerator({ ...generatorOptions, recordsPerMessage: 1 }), form)
  tell({ kind: 'seed', id, seed: generator.seed })
  const stop = new AbortController()
  loads.set(id, stop)
  try {
    return await startSenders({
      ...options,
      url,
      generator,
      signal: stop.signal,
      onProgress: counts => tell({ kind: 'progress', id, counts }),
      onRetry: (error, delay) => tell({ kind: 'retry', id, message: error.message, delay })
    })
  } finally {
    loads.delete(id)
  }
}

async function answer (request: Request): Promise<unknown> {
  switch (request.kind) {
    case 'stats': return bus?.stats()
    case 'load': return await runLoad(request.id, request.options)
    case 'stop-load': return loads.get(request.load)?.abort()
    case 'drop': return bus?.dropConnections(peer => request.of === 'all' || peer[request.of].length > 0)
    case 'close': return await bus?.close()
  }
}

port.on('message', (request: Request) => {
  answer(request).then(
    value => tell({ kind: 'reply', id: request.id, value }),
    (error: unknown) => tell({
      kind: 'failed', id: request.id, message: (error as Error).message, retryable: error instanceof LokeanError && error.retryable
    })
  ).catch(() => {}) // only for a value that cannot be cloned, and no answer has one
})
tell({ kind: 'listening', url: bus?.url ?? '', port: bus?.port ?? 0 })

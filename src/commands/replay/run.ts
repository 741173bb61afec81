import type { Config } from '../../config/config.ts'
import { describeError, type Logger } from '../../log.ts'
import { createMetrics } from '../../ops/metrics.ts'
import { Pipeline } from '../../pipeline/pipeline.ts'
import { LokiSink } from '../../sink/loki-sink.ts'
import { ReplaySource } from '../../source/replay/replay-source.ts'
import type { SourceAddress } from '../../source/source.ts'
import { VERSION } from '../../version.ts'
import { MEND_REASONS, QUARANTINE_REASONS } from '../../worker/messages/reasons.ts'
import { stopAsked } from '../context.ts'
import { DryRunSink } from './dry-run-sink.ts'
import { idOf } from './found-entry.ts'
import { type Item, Ledger, slices } from './ledger.ts'
import type { Marks } from './marks.ts'
import { Outcomes } from './outcomes.ts'
import { Rebuilder } from './rebuild.ts'
import type { Page } from './search.ts'
import type { Tally } from './tally.ts'

export interface RunOptions {
  config: Config
  log: Logger
  pages: AsyncIterable<Page>
  marks: Marks
  tally: Tally
  dryRun: boolean
  limit: number | undefined
  /** Ends the run in order: what is delivered is stored and marked. */
  stopping: AbortSignal
  onProgress: () => void
}

/** A page may have more than may be on its way. */
const SLICES = 4

/** How a run ended. `limited`: by its limit, before it had read all. */
export interface RunEnd { stopped: boolean, limited: boolean, error: string | undefined }

/** Sends all that is found and not marked through a pipeline of its own, and marks what is stored. */
export async function runReplay (options: RunOptions): Promise<RunEnd> {
  const { config, log, dryRun, marks, tally, stopping } = options
  const addresses = addressesOf(config)
  const search = new Search(options, addresses)
  const outcomes = new Outcomes<Item>(id => source.messageOf(id))
  const ledger = new Ledger({
    outcomeOf: async item => await outcomes.of(item), marks: dryRun ? undefined : marks, tally, mostBytes: config.inflightBytes
  })
  let source!: ReplaySource<Item>
  const pipeline = await Pipeline.create({
    config,
    log,
    metrics: createMetrics({
      version: VERSION,
      addresses: addresses.map(({ address }) => address),
      quarantineReasons: QUARANTINE_REASONS,
      mendReasons: MEND_REASONS,
      deadLetterReasons: ['refused'],
      dropRules: config.drop.map(({ name }) => name),
      redactRules: config.redact.map(({ name }) => name),
      processMetrics: false
    }),
    version: VERSION,
    around: outcomes,
    openSources: async (_config, budgetOf) => {
      source = new ReplaySource({ addresses, budgetOf, pages: search.items(ledger), onSettled: items => { ledger.settled(items) } })
      return await Promise.resolve([source])
    },
    openSink: async sink => dryRun ? new DryRunSink() : await LokiSink.open(sink, outcomes)
  })
  pipeline.start()
  const end = Promise.race([source.done.then(async () => { await ledger.idle() }), stopAsked(stopping), pipeline.failed, ledger.failed])
  // What is asked of Loki when the process is asked to stop is an error too.
  const failure = await end.then(() => undefined, (error: unknown) => stopping.aborted ? undefined : error as Error)
  await pipeline.stop()
  await ledger.idle()
  const error = ledger.error ?? failure
  return { stopped: stopping.aborted && !search.ended, limited: search.limited, error: error && describeError(error) }
}

function addressesOf ({ amqp, addresses }: Config): SourceAddress[] {
  const bus = new Set(amqp.addresses.map(({ address }) => address))
  return addresses.map(origin => ({ ...origin, format: bus.has(origin.address) ? 'amqp' : 'syslog' }))
}

/** Turns what is found into what is to be delivered. */
class Search {
  ended = false
  limited = false
  readonly #options: RunOptions
  readonly #rebuilder: Rebuilder
  /** The ids of this run, so that what is found twice is delivered once. */
  readonly #ids = new Set<string>()
  readonly #tenants = new Set<string>()

  constructor (options: RunOptions, addresses: readonly SourceAddress[]) {
    this.#options = options
    this.#rebuilder = new Rebuilder(options.config, addresses)
  }

  async * items (ledger: Pick<Ledger, 'begin'>): AsyncGenerator<Item[]> {
    const { config, pages, onProgress } = this.#options
    for await (const page of pages) {
      for (const slice of slices(await this.#itemsOf(page), config.inflightBytes / SLICES)) {
        await ledger.begin(slice)
        yield slice
      }
      onProgress()
      if (this.limited) return
    }
    this.ended = true
  }

  async #itemsOf ({ entries, incomplete, unreadable }: Page): Promise<Item[]> {
    const { marks, tally, limit = Infinity } = this.#options
    for (const entry of incomplete) if (this.#takes(idOf(entry))) tally.leave(entry, 'incomplete')
    for (const line of unreadable) tally.unreadable(line)
    const items: Item[] = []
    for (const entry of entries) {
      if (tally.found >= limit) {
        this.limited = true
        break
      }
      if (!this.#tenants.has(entry.tenant)) {
        this.#tenants.add(entry.tenant)
        await marks.load(entry.tenant)
      }
      const id = idOf(entry)
      if (!this.#takes(id)) continue
      if (marks.has(id)) {
        tally.marked++
        continue
      }
      tally.found++
      const rebuilt = this.#rebuilder.rebuild(entry)
      if (typeof rebuilt === 'string') tally.leave(entry, rebuilt)
      else items.push({ id, entry, ...rebuilt })
    }
    return items
  }

  #takes (id: string): boolean {
    if (this.#ids.has(id)) return false
    this.#ids.add(id)
    return true
  }
}

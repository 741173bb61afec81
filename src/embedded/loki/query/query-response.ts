import type { Label } from '../store/label-set.ts'
import type { LogLine, Scan } from './log-query.ts'
import type { MetricResult, Steps } from './metric-query.ts'

/** The cost of a query, from which the statistics are made. */
export interface Cost {
  linesRead: number
  bytesRead: number
  streams: number
  returned: number
  /** In seconds. */
  time: number
}

const object = (labels: readonly Label[]): Record<string, string> => Object.fromEntries(labels.map(({ name, value }) => [name, value]))

/**
 * The body of the answer to a log query. With `categorize`, structured metadata are given with each line instead of
 * among the labels.
 */
export function streamsResponse (scan: Scan, cost: Cost, categorize: boolean): string {
  const result = scan.streams.map(({ labels, lines }) => ({
    stream: object(labels),
    values: lines.map((line) => lineValue(line, categorize))
  }))
  const flags = categorize ? { encodingFlags: ['categorize-labels'] } : {}
  return envelope({ resultType: 'streams', ...flags, result, stats: statistics(cost) }) + '\n'
}

function lineValue ({ time, line, metadata, parsed }: LogLine, categorize: boolean): unknown[] {
  if (!categorize) return [String(time), line]
  return [String(time), line, {
    ...(metadata.length === 0 ? {} : { structuredMetadata: object(metadata) }),
    ...(parsed.length === 0 ? {} : { parsed: object(parsed) })
  }]
}

export interface TailedLine extends LogLine { labels: readonly Label[] }

/** A message of a tail: each line is a stream of its own, without its metadata where they are not asked for. */
export function tailResponse (lines: readonly TailedLine[], dropped: readonly object[], categorize: boolean): string {
  return JSON.stringify({
    streams: lines.map((line) => ({ stream: object(line.labels), values: [lineValue(line, categorize)] })),
    ...(dropped.length === 0 ? {} : { dropped_entries: dropped }),
    ...(categorize ? { encodingFlags: ['categorize-labels'] } : {})
  }) + '\n'
}

const seconds = (ns: bigint): number => Number(ns / 1_000_000n) / 1000

export function matrixResponse (result: MetricResult, steps: Steps, cost: Cost): string {
  const times = Array.from({ length: steps.count }, (_, i) => seconds(steps.first + BigInt(steps.step) * BigInt(i)))
  const series = result.scalar === undefined
    ? result.series
    : [{ labels: [], values: times.map(() => result.scalar!), present: times.map(() => 1) }]
  return envelope({
    resultType: 'matrix',
    result: series.map(({ labels, values, present }) => ({
      metric: object(labels),
      values: times.flatMap((time, i) => present[i] === 1 ? [[time, numberText(values[i]!)]] : [])
    })),
    stats: statistics(cost)
  })
}

export function vectorResponse (result: MetricResult, time: bigint, cost: Cost): string {
  if (result.scalar !== undefined) {
    return envelope({ resultType: 'scalar', result: [seconds(time), numberText(result.scalar)], stats: statistics(cost) })
  }
  return envelope({
    resultType: 'vector',
    result: result.series.map(({ labels, values }) => ({ metric: object(labels), value: [seconds(time), numberText(values[0]!)] })),
    stats: statistics(cost)
  })
}

/** The body of index/volume and index/volume_range: a matrix where any series has more than one time. */
export function volumeResponse (
  volumes: ReadonlyArray<{ labels: readonly Label[], sums: ReadonlyArray<{ time: bigint, bytes: number }> }>
): string {
  const isMatrix = volumes.some(({ sums }) => sums.length > 1)
  return envelope({
    resultType: isMatrix ? 'matrix' : 'vector',
    result: volumes.map(({ labels, sums }) => {
      const values = sums.map(({ time, bytes }) => [seconds(time), String(bytes)])
      return { metric: object(labels), ...(isMatrix ? { values } : { value: values[0] }) }
    }),
    stats: statistics({ linesRead: 0, bytesRead: 0, streams: 0, returned: volumes.length, time: 0 })
  })
}

function numberText (value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

const envelope = (data: object): string => JSON.stringify({ status: 'success', data })

/**
 * All fields of Loki's statistics, because clients decode them. Those that apply here are filled in, and the others are
 * 0.
 */
function statistics (cost: Cost): object {
  const perSecond = (amount: number): number => cost.time > 0 ? Math.round(amount / cost.time) : 0
  const store = (lines: number, bytes: number): object => ({
    totalChunksRef: 0,
    totalChunksDownloaded: 0,
    chunksDownloadTime: 0,
    queryReferencedStructuredMetadata: false,
    chunk: {
      headChunkBytes: bytes,
      headChunkLines: lines,
      decompressedBytes: 0,
      decompressedLines: 0,
      compressedBytes: 0,
      totalDuplicates: 0,
      postFilterLines: lines === 0 ? 0 : cost.returned,
      headChunkStructuredMetadataBytes: 0,
      decompressedStructuredMetadataBytes: 0
    },
    chunkRefsFetchTime: 0,
    congestionControlLatency: 0,
    pipelineWrapperFilteredLines: 0
  })
  const cache = {
    entriesFound: 0,
    entriesRequested: 0,
    entriesStored: 0,
    bytesReceived: 0,
    bytesSent: 0,
    requests: 0,
    downloadTime: 0,
    queryLengthServed: 0
  }
  return {
    summary: {
      bytesProcessedPerSecond: perSecond(cost.bytesRead),
      linesProcessedPerSecond: perSecond(cost.linesRead),
      totalBytesProcessed: cost.bytesRead,
      totalLinesProcessed: cost.linesRead,
      execTime: cost.time,
      queueTime: 0,
      subqueries: 0,
      totalEntriesReturned: cost.returned,
      splits: 0,
      shards: 0,
      totalPostFilterLines: cost.returned,
      totalStructuredMetadataBytesProcessed: 0
    },
    querier: { store: store(0, 0) },
    ingester: {
      totalReached: 1,
      totalChunksMatched: cost.streams,
      totalBatches: cost.returned > 0 ? 1 : 0,
      totalLinesSent: cost.returned,
      store: store(cost.linesRead, cost.bytesRead)
    },
    cache: {
      chunk: cache,
      index: cache,
      result: cache,
      statsResult: cache,
      volumeResult: cache,
      seriesResult: cache,
      labelResult: cache,
      instantMetricResult: cache
    },
    index: { totalChunks: 0, postFilterChunks: 0, shardsDuration: 0, usedBloomFilters: false }
  }
}

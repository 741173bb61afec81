/**
 * The rooms of src from top to bottom, each with the rooms that it may import, which must stand below it. A room is a
 * folder without its subfolders. A file that stages share as their contract is a room of its own.
 */
export const ROOMS: Record<string, readonly string[]> = {
  'main.ts': ['commands/demo', 'commands/check', 'commands/replay', 'commands/canary', 'commands', 'cli', 'ops', 'config'],
  'commands/demo': ['commands', 'cli', 'pipeline', 'ops/page', 'config', 'generator', 'embedded/loki', 'sink'],
  'commands/canary': ['commands', 'cli', 'ops', 'config', 'generator', 'sink', 'worker/messages'],
  'commands/check': [
    'commands', 'pipeline', 'config', 'source/amqp', 'sink', 'worker', 'worker/output', 'worker/streams', 'source/budget',
    'worker/messages'
  ],
  'commands/replay': [
    'commands', 'cli', 'pipeline', 'ops', 'config', 'source/replay', 'sink', 'worker/pool', 'worker/output', 'worker/streams',
    'batch/batch.ts', 'sink/sink.ts', 'source/source.ts', 'worker/messages'
  ],
  commands: ['cli', 'pipeline', 'ops', 'ops/page', 'config', 'generator'],
  cli: ['config', 'worker/messages'],

  // Only the pipeline knows more than one stage. Metrics know the reasons that stages count by, and the streams that
  // worker threads share.
  pipeline: [
    'ops', 'ops/page', 'source', 'config', 'batch', 'worker/pool', 'sink', 'ack', 'batch/batch.ts', 'source/source.ts', 'source/budget',
    'sink/sink.ts', 'worker/messages'
  ],
  ops: ['ops/page', 'config', 'worker/pool', 'sink', 'worker/streams', 'worker/messages'],
  'ops/page': ['worker/messages'],
  source: [
    'config', 'source/amqp', 'source/datagrams', 'source/relp', 'source/syslog', 'source/listener', 'source/source.ts', 'source/budget'
  ],

  // Demo, tests and benches share these. The embedded Loki decodes with its own code.
  generator: ['embedded/bus'],
  'embedded/bus': ['source/amqp'],
  'embedded/loki': [
    'embedded/loki/explore', 'embedded/loki/query', 'embedded/loki/push', 'embedded/loki/store', 'embedded/loki/version.ts'
  ],
  'embedded/loki/explore': ['embedded/loki/query', 'embedded/loki/push', 'embedded/loki/store'],
  'embedded/loki/query': ['embedded/loki/push', 'embedded/loki/store'],
  'embedded/loki/push': ['embedded/loki/store', 'embedded/loki/version.ts'],
  'embedded/loki/store': [],
  'embedded/loki/version.ts': [],

  // The stages, in the order of the data flow.
  'source/amqp': ['source/source.ts', 'source/budget', 'worker/messages'],
  'source/replay': ['source/source.ts', 'source/budget', 'worker/messages'],
  'source/relp': ['source/listener', 'source/delivery'],
  'source/syslog': ['source/listener', 'source/delivery'],
  'source/datagrams': ['source/delivery', 'source/source.ts', 'source/budget', 'worker/messages'],
  'source/listener': ['source/source.ts', 'source/budget', 'worker/messages'],
  batch: ['batch/batch.ts', 'source/source.ts', 'source/delivery', 'worker/messages'],
  'worker/pool': ['batch/batch.ts', 'worker/messages'],
  sink: ['config', 'sink/sink.ts', 'worker/messages'],
  ack: ['source/source.ts'],

  // These run in a worker thread.
  worker: ['worker/output', 'worker/filters', 'worker/input', 'worker/formats', 'worker/kernel', 'worker/messages'],
  'worker/output': ['worker/streams', 'worker/filters', 'worker/input', 'worker/kernel', 'worker/redaction', 'worker/messages'],
  'worker/streams': ['worker/input', 'worker/kernel', 'worker/messages'],
  'worker/filters': ['worker/input', 'worker/formats', 'worker/kernel', 'worker/redaction', 'worker/messages'],
  'worker/input': ['worker/formats', 'worker/kernel', 'worker/messages'],
  'worker/formats': ['worker/kernel'],
  'worker/kernel': [],
  'worker/kernel/assembly': [],

  // The settings of the stages.
  config: ['credentials', 'source/budget', 'worker/redaction', 'worker/messages'],

  // Owns what of them comes from files.
  credentials: [],

  // The contracts.
  'batch/batch.ts': ['source/source.ts', 'worker/messages'],
  'source/source.ts': ['worker/messages'],
  'source/budget': [],
  'source/delivery': [],
  'sink/sink.ts': ['worker/messages'],
  'worker/redaction': ['worker/messages'],
  'worker/messages': []
}

/** Any room may import these. */
export const COMMON = [
  'backoff.ts', 'collect-garbage.ts', 'errors.ts', 'load-fall.ts', 'log.ts', 'provider.ts', 'secret.ts', 'shared-memory.ts',
  'tls-failure.ts', 'version.ts'
]

/**
 * Packages that only files of src with a matching path may import, types included. The embedded bus takes rhea apart in
 * many places, because it has to do what rhea does not let a server do. So each of its files says what is inside rhea
 * where it needs that. In the program itself, only source/amqp/rhea.ts does.
 */
export const DOORS: Record<string, RegExp> = {
  re2js: /^src\/worker\/redaction\/pattern\.ts$/,
  rhea: /^src\/(source\/amqp|embedded\/bus|generator)\//,
  undici: /^src\/sink\/connections\.ts$/,
  piscina: /^src\/worker\/(pool\/pool|encode\.worker)\.ts$/,
  'prom-client': /^src\/ops\/(canary-)?metrics\.ts$/,
  pino: /^src\/log\.ts$/,
  protobufjs: /^src\/worker\/output\/push-schema\.ts$/,
  snappy: /^src\/(worker\/output\/|commands\/(check|replay)\/)/,
  yaml: /^src\/sink\/tenant-limits\.ts$/,
  zod: /^src\/(config|cli)\//,
  ws: /^src\/embedded\/loki\/(tail-upgrade|explore\/tail)\.ts$/,
  '@grafana/lezer-logql': /^src\/embedded\/loki\/query\/logql-tree\.ts$/
}

export function roomOf (file: string): string {
  const path = file.replace(/^src\//, '')
  return path in ROOMS || !path.includes('/') ? path : path.slice(0, path.lastIndexOf('/'))
}

import { inspect } from 'node:util'
import { pino } from 'pino'
import type { Bindings, ChildLoggerOptions, DestinationStream, LevelWithSilent, Logger } from 'pino'
import { redactUrl, Secret } from './secret.ts'

export type { Logger } from 'pino'

export interface LogOptions {
  level: LevelWithSilent
  /** `stderr` where stdout carries a result (`--json`); a stream in tests. */
  destination?: 'stdout' | 'stderr' | DestinationStream
  /** Gets each line of a warning, or of worse, once it is written. */
  onProblem?: (line: string) => void
}

/**
 * Compared without case and punctuation, at the end of a key: `LOKEAN_LOKI_TOKEN` and `apiKey`, but not `tokenFile`.
 */
const SECRET_KEY = /(?:password|passwd|passphrase|secret|token|authorization|cookie|credentials|apikey|privatekey|accesskey)$|^(?:key|pass|pfx|auth)$/
const REDACTED = '[secret]'

/** What a log line may hold of one value: a peer chooses the length of its error messages. */
const MAX_TEXT = 8192
const MAX_DEPTH = 6
const MAX_ENTRIES = 100

const WARN = pino.levels.values.warn ?? 40

/**
 * JSON lines, written synchronously so that the last words before an exit are not lost. Everything that goes in, as
 * object, binding, message or format argument, is cleaned of secrets first (`clean`): whoever logs an error or a set of
 * connection options need not know what is inside.
 */
export function createLogger ({ level, destination = 'stdout', onProblem }: LogOptions): Logger {
  const written = typeof destination === 'string' ? pino.destination({ dest: destination === 'stdout' ? 1 : 2, sync: true }) : destination
  const stream = onProblem === undefined ? written : withProblems(written, onProblem)
  const logger = pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label) => ({ level: label })
    },
    // Errors are plain objects by the time a serializer would see them.
    serializers: { err: (cleaned: unknown) => cleaned },
    hooks: {
      logMethod (args, method) {
        method.apply(this, args.map(cleanArgument) as Parameters<typeof method>)
      }
    }
  }, stream)
  // pino lets no hook see the bindings of a child. Children inherit from this object, so theirs are cleaned as well.
  const { setBindings } = logger
  const child: (this: Logger, bindings: Bindings, options?: ChildLoggerOptions) => Logger = logger.child
  Object.assign(logger, {
    child (this: Logger, bindings: Bindings, options?: ChildLoggerOptions): Logger {
      return child.call(this, cleanArgument(bindings) as Bindings, options)
    }
  })
  logger.setBindings = function (this: Logger, bindings) {
    setBindings.call(this, cleanArgument(bindings) as Bindings)
  }
  return logger
}

/** pino tells a stream the level of a line where the stream asks for it by this symbol. */
function withProblems (stream: DestinationStream, onProblem: (line: string) => void): DestinationStream {
  return {
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    write (line: string) {
      stream.write(line)
      if (this.lastLevel >= WARN) onProblem(line)
    }
  } as DestinationStream & { lastLevel: number }
}

/**
 * An Error alone becomes `{ err }`, from which pino also takes the message. Never throws: it runs where errors are
 * handled.
 */
function cleanArgument (argument: unknown): unknown {
  try {
    return argument instanceof Error ? { err: clean(argument) } : clean(argument)
  } catch {
    // A getter or a conversion of the value's own threw.
    return { unloggable: typeof argument }
  }
}

/**
 * URL credentials, HTTP authorization values and PEM private keys in `text` replaced, and the text cut to a bounded
 * length.
 */
export function cleanText (text: string): string {
  const bounded = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}... (${text.length} characters)` : text
  return redactUrl(bounded)
    .replace(/\b(authorization["']?\s*[:=]\s*["']?)(?:\w+\s+)?[^\s"',;]+/gi, `$1${REDACTED}`)
    .replace(/\b([Bb]earer|[Bb]asic)\s+(?=\w*[\d=+/._~-]|\w*[a-z]\w*[A-Z])[\w+/=.~-]{4,}/g, `$1 ${REDACTED}`)
    .replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^-]|-(?!----END))*(?:-----END [A-Z ]*-----)?/g, REDACTED)
}

/**
 * A copy of `value` that is safe to log: text cleaned, values of secret keys replaced, errors as plain objects with
 * type, message, code, stack and cause, and everything bounded in depth, length and count (so circles end too).
 */
export function clean (value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return cleanText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Secret) return REDACTED
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof URL) return cleanText(value.href)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (depth >= MAX_DEPTH) return '[...]'
  if (Array.isArray(value)) return cleanArray(value, depth)
  if (value instanceof Error) return cleanError(value, depth)
  if (value instanceof Map) return cleanEntries(value, depth)
  if (value instanceof Set) return cleanArray([...value], depth)
  return cleanEntries(Object.entries(value), depth)
}

function isSecretKey (key: string): boolean {
  return SECRET_KEY.test(key.toLowerCase().replace(/[^a-z]/g, ''))
}

/** Raw headers come as one flat list of names and values, so what follows a secret's name is one. */
function cleanArray (list: readonly unknown[], depth: number): unknown[] {
  return list.slice(0, MAX_ENTRIES).map((item, index) => {
    const before = list[index - 1]
    return typeof before === 'string' && typeof item === 'string' && isSecretKey(before) ? REDACTED : clean(item, depth + 1)
  })
}

function cleanEntries (entries: Iterable<readonly [unknown, unknown]>, depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  let room = MAX_ENTRIES
  for (const [anyKey, value] of entries) {
    if (typeof value === 'function') continue
    // A Map may have objects for keys, and not every object can become a string.
    const key = ['object', 'function'].includes(typeof anyKey) ? '[object]' : String(anyKey)
    if (room-- === 0) break
    const present = value !== undefined && value !== null
    // defineProperty, because a key called __proto__ must stay a key.
    Object.defineProperty(copy, cleanText(key), {
      value: present && isSecretKey(key) ? REDACTED : clean(value, depth + 1), enumerable: true, configurable: true, writable: true
    })
  }
  return copy
}

function cleanError (error: Error, depth: number): Record<string, unknown> {
  const { name, stack, cause } = error
  const message: unknown = error.message
  return {
    type: error.constructor.name || name,
    message: cleanText(String(message)),
    // code, errno, syscall, address, port, condition, retryable...
    ...cleanEntries(Object.entries(error).filter(([key]) => !['name', 'message', 'stack', 'cause', 'errors', 'type'].includes(key)), depth),
    ...(typeof stack === 'string' ? { stack: cleanText(stack) } : {}),
    ...(cause === undefined ? {} : { cause: clean(cause, depth + 1) }),
    ...(error instanceof AggregateError ? { errors: cleanArray(error.errors, depth + 1) } : {})
  }
}

/** One line for people, for where there is no logger (start-up errors on stderr). */
export function describeError (error: unknown): string {
  return cleanText(error instanceof Error ? error.message : inspect(error, { depth: 2 }))
}

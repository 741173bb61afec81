import fc from 'fast-check'

/**
 * An AMQP 1.0 value in one of its encodings (OASIS AMQP 1.0, part 1, 1.6). The encoder for it shares nothing with the
 * reader.
 */
export type AmqpValue =
  | { kind: 'text', type: TextType, wide: boolean, bytes: Uint8Array }
  | { kind: 'list', wide: boolean, items: AmqpValue[] }
  | { kind: 'list0' }
  | { kind: 'array', wide: boolean, type: TextType, wideElements: boolean, items: Uint8Array[] }
  | { kind: 'numbers', wide: boolean, items: number[] }
  | { kind: 'map', wide: boolean, items: AmqpValue[] }
  | { kind: 'null' }
  | { kind: 'fixed', code: number, bytes: Uint8Array }
  | { kind: 'described', descriptor: AmqpValue, value: AmqpValue }

export type TextType = 'binary' | 'string' | 'symbol'

export type SectionName = keyof typeof SECTIONS
export type DescriptorForm = 'smallulong' | 'ulong' | 'symbol8' | 'symbol32'
export interface Section { name: SectionName, form: DescriptorForm, value: AmqpValue }

/** What a reader of bodies must find: the bytes of a record, or null for a value that is no record. */
export type Found = Uint8Array | null

const TEXT_CODE = { binary: 0, string: 1, symbol: 3 }
const SECTIONS = {
  header: [0x70, 'amqp:header:list'],
  'delivery-annotations': [0x71, 'amqp:delivery-annotations:map'],
  'message-annotations': [0x72, 'amqp:message-annotations:map'],
  properties: [0x73, 'amqp:properties:list'],
  'application-properties': [0x74, 'amqp:application-properties:map'],
  data: [0x75, 'amqp:data:binary'],
  'amqp-sequence': [0x76, 'amqp:amqp-sequence:list'],
  'amqp-value': [0x77, 'amqp:amqp-value:*'],
  footer: [0x78, 'amqp:footer:map']
} as const

export function encodeMessage (sections: readonly Section[]): Buffer {
  return Buffer.concat(sections.map(({ name, form, value }) => Buffer.concat([Buffer.of(0), descriptor(name, form), encodeValue(value)])))
}

function descriptor (name: SectionName, form: DescriptorForm): Buffer {
  const [code, symbol] = SECTIONS[name]
  switch (form) {
    case 'smallulong': return Buffer.of(0x53, code)
    case 'ulong': return Buffer.of(0x80, 0, 0, 0, 0, 0, 0, 0, code)
    case 'symbol8': return encodeValue({ kind: 'text', type: 'symbol', wide: false, bytes: Buffer.from(symbol) })
    case 'symbol32': return encodeValue({ kind: 'text', type: 'symbol', wide: true, bytes: Buffer.from(symbol) })
  }
}

export function encodeValue (value: AmqpValue): Buffer {
  switch (value.kind) {
    case 'null': return Buffer.of(0x40)
    case 'list0': return Buffer.of(0x45)
    case 'fixed': return Buffer.concat([Buffer.of(value.code), value.bytes])
    case 'text': return withLength(0xa0 + TEXT_CODE[value.type], value.wide, value.bytes)
    case 'list': return compound(0xc0, value.wide, value.items.length, Buffer.concat(value.items.map(encodeValue)))
    case 'map': return compound(0xc1, value.wide, value.items.length, Buffer.concat(value.items.map(encodeValue)))
    case 'numbers': return compound(0xe0, value.wide, value.items.length, Buffer.of(0x50, ...value.items))
    case 'array': {
      const wide = value.wideElements || value.items.some(({ length }) => length > 255)
      const elements = value.items.map(item => withLength(0xa0, wide, item).subarray(1))
      return compound(
        0xe0, value.wide, value.items.length, Buffer.concat([Buffer.of((wide ? 0xb0 : 0xa0) + TEXT_CODE[value.type]), ...elements])
      )
    }
    case 'described': return Buffer.concat([Buffer.of(0), encodeValue(value.descriptor), encodeValue(value.value)])
  }
}

/**
 * Writes code and length: one byte of length if it fits and `wide` is false, else four bytes and the code 0x10 above.
 */
function withLength (code: number, wide: boolean, bytes: Uint8Array): Buffer {
  if (!wide && bytes.length < 256) return Buffer.concat([Buffer.of(code, bytes.length), bytes])
  return Buffer.concat([Buffer.of(code + 0x10), uint32(bytes.length), bytes])
}

function compound (code: number, wide: boolean, count: number, content: Buffer): Buffer {
  if (!wide && content.length < 255 && count < 256) return Buffer.concat([Buffer.of(code, content.length + 1, count), content])
  return Buffer.concat([Buffer.of(code + 0x10), uint32(content.length + 4), uint32(count), content])
}

export function uint32 (value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const BODIES: SectionName[] = ['data', 'amqp-sequence', 'amqp-value']

export function foundInMessage (sections: readonly Section[]): Found[] {
  const bodies = sections.filter(({ name }) => BODIES.includes(name))
  return bodies.length === 0 ? [null] : bodies.flatMap(({ value }) => foundInValue(value))
}

export function foundInValue (value: AmqpValue): Found[] {
  switch (value.kind) {
    case 'text': return [value.bytes]
    case 'list': return value.items.flatMap(foundInValue)
    case 'array': return value.items
    case 'described': return foundInValue(value.value)
    case 'null': case 'list0': return []
    case 'numbers': return value.items.length === 0 ? [] : [null]
    case 'map': case 'fixed': return [null]
  }
}

/**
 * Codes and widths of the types without a length: true, false, boolean, ints of all sizes, floats, char, timestamp,
 * uuid, decimal128.
 */
const FIXED: Array<[code: number, width: number]> = [
  [0x41, 0], [0x42, 0], [0x56, 1], [0x43, 0], [0x44, 0], [0x50, 1], [0x52, 1], [0x53, 1], [0x54, 1], [0x55, 1], [0x60, 2], [0x61, 2],
  [0x70, 4], [0x71, 4], [0x72, 4], [0x73, 4], [0x80, 8], [0x81, 8], [0x82, 8], [0x83, 8], [0x98, 16], [0x94, 16]
]

export interface ValueOptions {
  /** The content of strings: any bytes by default. Symbols are always ASCII. */
  string?: fc.Arbitrary<Uint8Array>
  /** Whether values may have descriptors; true by default. */
  described?: boolean
  /** The widest number in bytes; 16 by default. */
  widest?: number
}

/** Lengths around 255 matter, because the narrow encodings end there. */
const anyBytes = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 250, maxLength: 260 }) }
)
const ascii = fc.string({ maxLength: 20 }).map(text => Buffer.from(text))

export function amqpValue ({ string = anyBytes, described = true, widest = 16 }: ValueOptions = {}): fc.Arbitrary<AmqpValue> {
  const wide = fc.boolean()
  const bytesOf = (type: TextType): fc.Arbitrary<Uint8Array> => type === 'binary' ? anyBytes : type === 'string' ? string : ascii
  const type = fc.constantFrom<TextType>('binary', 'string', 'symbol')
  const text = type.chain(type => fc.record({ kind: fc.constant('text' as const), type: fc.constant(type), wide, bytes: bytesOf(type) }))
  const fixed = fc.constantFrom(...FIXED.filter(([, width]) => width <= widest)).chain(([code, width]) =>
    fc.record({
      kind: fc.constant('fixed' as const), code: fc.constant(code), bytes: fc.uint8Array({ minLength: width, maxLength: width })
    }))
  const array = type.chain(type => fc.record({
    kind: fc.constant('array' as const),
    wide,
    type: fc.constant(type),
    wideElements: fc.boolean(),
    items: fc.array(bytesOf(type), { maxLength: 6 })
  }))
  const numbers = fc.record({ kind: fc.constant('numbers' as const), wide, items: fc.array(fc.nat({ max: 255 }), { maxLength: 6 }) })
  return fc.letrec<{ value: AmqpValue, list: AmqpValue, map: AmqpValue, described: AmqpValue, leaf: AmqpValue }>(tie => ({
    leaf: fc.oneof({
      weight: 6, arbitrary: text
    }, fixed, array, numbers, fc.constant({ kind: 'null' as const }), fc.constant({ kind: 'list0' as const })),
    list: fc.record({ kind: fc.constant('list' as const), wide, items: fc.array(tie('value'), { maxLength: 8 }) }),
    map: fc.record({
      kind: fc.constant('map' as const), wide, items: fc.array(fc.tuple(text, tie('leaf')), { maxLength: 3 }).map(pairs => pairs.flat())
    }),
    described: fc.record({ kind: fc.constant('described' as const), descriptor: fc.oneof(text, fixed), value: tie('value') }),
    value: fc.oneof({ maxDepth: 5, withCrossShrink: true },
      { weight: 5, arbitrary: tie('leaf') }, { weight: 4, arbitrary: tie('list') }, { weight: 1, arbitrary: tie('map') },
      ...(described ? [{ weight: 1, arbitrary: tie('described') }] : []))
  })).value
}

/** A whole message: a body of any kind, any of the other sections, each descriptor in any form. */
export function amqpMessage (options: ValueOptions & { forms?: DescriptorForm[] } = {}): fc.Arbitrary<Section[]> {
  const form = fc.constantFrom<DescriptorForm>(...options.forms ?? ['smallulong', 'ulong', 'symbol8', 'symbol32'] as const)
  const section = (name: SectionName, value: fc.Arbitrary<AmqpValue>): fc.Arbitrary<Section> => fc.record({
    name: fc.constant(name), form, value
  })
  const empty = fc.constantFrom<AmqpValue>({ kind: 'list0' }, {
    kind: 'list', wide: false, items: []
  }, { kind: 'list', wide: true, items: [] })
  const pairs = fc.array(ascii, { maxLength: 3 }).chain(keys => fc.boolean().map((wide): AmqpValue => ({
    kind: 'map',
    wide,
    items: keys.flatMap((bytes): AmqpValue[] => [
      { kind: 'text', type: 'symbol', wide, bytes }, { kind: 'text', type: 'string', wide: false, bytes: Buffer.from('v') }
    ])
  })))
  const maybe = (
    name: SectionName, value: fc.Arbitrary<AmqpValue>
  ): fc.Arbitrary<Section[]> => fc.option(section(name, value), { nil: undefined }).map(one => one === undefined ? [] : [one])
  const binary = fc.record({
    kind: fc.constant('text' as const), type: fc.constant('binary' as const), wide: fc.boolean(), bytes: anyBytes
  })
  const list = fc.record({ kind: fc.constant('list' as const), wide: fc.boolean(), items: fc.array(amqpValue(options), { maxLength: 5 }) })
  const body = fc.oneof(
    { weight: 4, arbitrary: section('amqp-value', amqpValue(options)).map(one => [one]) },
    { weight: 1, arbitrary: fc.array(section('data', binary), { minLength: 1, maxLength: 4 }) },
    { weight: 1, arbitrary: fc.array(section('amqp-sequence', list), { minLength: 1, maxLength: 3 }) }
  )
  return fc.tuple(
    maybe('header', empty), maybe('delivery-annotations', pairs), maybe('message-annotations', pairs), maybe('properties', empty),
    maybe('application-properties', pairs), body, maybe('footer', pairs)
  ).map(sections => sections.flat())
}

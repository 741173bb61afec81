import assert from 'node:assert/strict'
import { readBody } from '../../../src/worker/input/amqp-body.ts'
import { captures } from '../../helpers/worker-fixtures.ts'
import { type Target, words } from '../target.ts'
import { recordsOf } from '../plain-amqp.ts'

interface Found { start: number, end: number, bad: boolean }

function find (bytes: Uint8Array, start: number, end: number): Found[] {
  const found: Found[] = []
  readBody(bytes, start, end, {
    record: (start, end) => { found.push({ start, end, bad: false }) },
    bad: (start, end) => { found.push({ start, end, bad: true }) }
  })
  return found
}

/**
 * AMQP message bodies: each record lies within the message, in order; its surroundings make no difference; and no
 * record is left out.
 */
export const body: Target = {
  name: 'body',
  words: words('\0Sw', '\0Su', '\0Sv', '\0Sp', Buffer.from('d0000000090000000', 'hex'), Buffer.from('c00201', 'hex'),
    Buffer.from('a10161', 'hex'), Buffer.from('b100000001', 'hex'),
    Buffer.from('f000000005ffffffff40', 'hex'), Buffer.from('e00302a10061', 'hex'),
    Buffer.from('00a30f616d71703a646174613a62696e617279', 'hex'), Buffer.from('45', 'hex'), Buffer.of(0xff, 0xff, 0xff, 0xff)),
  seeds: () => captures().map(({ bytes }) => bytes.subarray(0, 4096)),
  run (input) {
    const found = find(input, 0, input.length)
    let at = 0
    for (const { start, end } of found) {
      assert.ok(start >= at && end >= start && end <= input.length, `found [${start}, ${end}) behind ${at}, in ${input.length} bytes`)
      at = end
    }
    const around = Buffer.concat([Buffer.alloc(7, 0xa1), input, Buffer.alloc(9, 0xa1)])
    assert.deepEqual(
      find(around, 7, 7 + input.length), found.map(({ start, end, bad }) => ({ start: start + 7, end: end + 7, bad })),
      'what is around it makes a difference'
    )
    const plain = recordsOf(input)
    if (plain === undefined) return [found.some(({ bad }) => bad) ? 'bad' : 'odd']
    assert.deepEqual(
      found.map(({ start, end, bad }) => bad ? null : input.toString('latin1', start, end)),
      plain.map(one => one?.toString('latin1') ?? null), 'a plain reader finds others'
    )
    return [`plain ${Math.min(8, plain.length)}`]
  }
}

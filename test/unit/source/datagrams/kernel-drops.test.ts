import assert from 'node:assert/strict'
import { endianness } from 'node:os'
import { test } from 'node:test'
import { kernelDrops } from '../../../../src/source/datagrams/kernel-drops.ts'

const HEAD = '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n'
const V4 = `${HEAD}  100: 0100007F:7530 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 12345 2 0000000000000000 17\n` +
  '  101: 00000000:7530 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 12346 2 0000000000000000 4\n'
const V6 = `${HEAD} 100: 00000000000000000000000001000000:7530 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 1 2 0 9\n` +
  ' 101: B80D0120000000000000000001000000:0035 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 1 2 0 8\n'

test('the line of the address and port, in the kernel\'s spelling', { skip: endianness() === 'BE' && 'the samples are of a little-endian machine' }, () => {
  const drops = (address: string, port: number, family = 'IPv4'): number | undefined => kernelDrops({
    address, port, family
  }, path => path === '/proc/net/udp' ? V4 : V6)
  assert.equal(drops('127.0.0.1', 30000), 17)
  assert.equal(drops('0.0.0.0', 30000), 4)
  assert.equal(drops('::1', 30000, 'IPv6'), 9)
  assert.equal(drops('2001:db8::1', 53, 'IPv6'), 8)
  assert.equal(drops('127.0.0.1', 30001), undefined)
})

test('where the kernel does not tell, nothing is made up', () => {
  assert.equal(kernelDrops({ address: '127.0.0.1', port: 1, family: 'IPv4' }, () => { throw new Error('ENOENT') }), undefined)
})

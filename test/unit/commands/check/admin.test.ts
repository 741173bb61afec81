import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tryAdmin as tryWith } from '../../../../src/commands/check/admin.ts'
import { fixed } from '../../../../src/provider.ts'
import { httpServer, tcpServer } from '../../../helpers/http-server.ts'

const host = '127.0.0.1'

async function tryAdmin (address: { host: string, port: number }): ReturnType<typeof tryWith> {
  return await tryWith({ ...address, access: fixed({ cert: undefined, key: undefined, token: undefined }) })
}

test('a free port, and one where a Lokean runs, are no fault', async t => {
  assert.deepEqual(await tryAdmin({ host, port: 0 }), { ok: true, detail: '127.0.0.1:0: any free port' })
  assert.deepEqual(await tryAdmin({ host, port: 1 }), { ok: true, detail: '127.0.0.1:1: free' })
  const { url } = await httpServer(t, response => { response.end('# HELP x\nlokean_build_info{version="1.2.3",node="v20"} 1\n') })
  const port = Number(new URL(url).port)
  assert.deepEqual(await tryAdmin({ host, port }), { ok: true, detail: `127.0.0.1:${port}: Lokean 1.2.3 runs here` })
  assert.deepEqual(await tryAdmin({ host: '0.0.0.0', port }), { ok: true, detail: `0.0.0.0:${port}: Lokean 1.2.3 runs here` })
})

test('a Lokean that asks for another token is told of', async t => {
  const { url } = await httpServer(t, response => { response.writeHead(401).end('a token is needed\n') })
  const port = Number(new URL(url).port)
  assert.deepEqual(await tryAdmin({ host, port }), {
    ok: false,
    detail: `127.0.0.1:${port}: what runs here asks for another token`,
    hint: 'LOKEAN_ADMIN_TOKEN must be that of the process that runs'
  })
})

test('a port where another program listens, and an address of another machine, are', async t => {
  const other = await httpServer(t, response => { response.end('up 1\n') })
  const mail = await tcpServer(t, socket => { socket.end('220 mail\r\n') })
  for (const port of [Number(new URL(other.url).port), mail.port]) {
    assert.deepEqual(await tryAdmin({ host, port }), {
      ok: false, detail: `127.0.0.1:${port}: the port is in use, and not by Lokean`, hint: 'LOKEAN_ADMIN_ADDR must name another port'
    })
  }
  const { ok, detail, hint } = await tryAdmin({ host: '192.0.2.1', port: 9464 })
  assert.equal(ok, false)
  assert.match(detail, /^192\.0\.2\.1:9464: nothing can listen on this address \(EADDRNOTAVAIL\)$/)
  assert.match(hint ?? '', /LOKEAN_ADMIN_ADDR/)
})

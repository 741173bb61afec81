import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge, judgeEmpty } from '../../../../src/commands/check/answer.ts'
import type { Finding } from '../../../../src/commands/check/finding.ts'
import { loadConfig } from '../../../../src/config/load.ts'
import { classify } from '../../../../src/sink/classify.ts'

const PAGE = '<!DOCTYPE html>\n<html><head><title> Log in </title></head><body>hidden</body></html>'

function answer (status: number, message: string, env: Record<string, string> = {}, how = judge): Finding {
  const { config } = loadConfig(env)
  return how(classify({ status, message, retryAfter: undefined }, 0, config.loki.storedStatus), config)
}

test('what is stored, or limited for now, is no fault', () => {
  assert.deepEqual(answer(204, ''), { ok: true, detail: 'takes pushes' })
  assert.deepEqual(answer(200, PAGE, { LOKEAN_LOKI_STORED_STATUS: '200' }), {
    ok: true, detail: 'takes pushes (it says 200, which LOKEAN_LOKI_STORED_STATUS believes)'
  })
  assert.deepEqual(answer(429, 'Ingestion rate limit exceeded'), {
    ok: true,
    detail: '429 Ingestion rate limit exceeded (Loki takes pushes of this tenant, and limits them at the moment: each is tried again until it is stored)'
  })
})

test('each answer that stores nothing has its own sentence and setting', () => {
  const cases: Array<[finding: Finding, detail: RegExp, hint: RegExp]> = [
    [answer(200, PAGE), /^200 with a page \("Log in"\), where Loki says 204: something else answers, such as a login page$/, /LOKEAN_LOKI_URL/],
    [answer(200, '<html><body>hidden</body></html>'), /^200 with a page, where Loki says 204/, /LOKEAN_LOKI_URL/],
    [answer(200, '{"ok":true}'), /^200 \{"ok":true\}, where Loki says 204/, /LOKEAN_LOKI_URL/],
    [answer(302, '<a href="/login">Found</a>.'), /^302 .*: a redirect, such as to a login page/, /LOKEAN_LOKI_URL/],
    [answer(404, '404 page not found'), /^404 404 page not found: no push endpoint is there$/, /path prefix in LOKEAN_LOKI_URL/],
    [answer(405, ''), /^405: no push endpoint is there$/, /path prefix in LOKEAN_LOKI_URL/],
    [answer(401, 'no org id'), /^401 no org id$/, /^Loki wants a tenant: set LOKEAN_LOKI_TENANT, .*address;tenant=name/],
    [answer(401, PAGE), /^401 with a page \("Log in"\)$/, /^a login is wanted: set LOKEAN_LOKI_TOKEN, or LOKEAN_LOKI_USERNAME/],
    [answer(401, '', { LOKEAN_LOKI_TOKEN: 'abcd' }), /^401$/, /^LOKEAN_LOKI_TOKEN is not taken: has it expired/],
    [answer(403, '', { LOKEAN_LOKI_USERNAME: 'u', LOKEAN_LOKI_PASSWORD: 'p' }), /^403$/, /^the login is not taken: check LOKEAN_LOKI_USERNAME/],
    [answer(503, 'Ingester not ready'), /^503 Ingester not ready$/, /its \/ready and its log/],
    [answer(400, 'no org id'), /^400 no org id$/, /LOKEAN_LOKI_TENANT/],
    [answer(400, 'Client sent an HTTP request to an HTTPS server.'), /^400 Client sent an HTTP request/, /begin with https:/],
    [
      answer(400, "stream '{a=\"b\"}' includes structured metadata, but this feature is disallowed. Please see `limits_config.allow_structured_metadata`"),
      /structured metadata, but this feature is disallowed/, /LOKEAN_METADATA=off/
    ],
    [
      answer(400, "missing required labels 'cluster,log_type' for user 'fake' for stream '{}' (policy: '')"), /^400 missing required labels/,
      /^Loki wants the labels cluster and log_type of every stream.*\(address;cluster=value;log_type=value\)$/
    ],
    [answer(400, 'missing required labels cluster for user fake'), /cluster for user/, /address;cluster=value/],
    [answer(400, "entry for stream '{}' has 16 label names; limit 15"), /16 label names/, /LOKEAN_LABELS/],
    [answer(413, PAGE), /^413 with a page/, /LOKEAN_PUSH_BYTES/],
    [answer(400, PAGE), /^400 with a page \("Log in"\)$/, /LOKEAN_LOKI_URL/],
    [answer(418, `tea\n\x1b  ${'x'.repeat(1_000)}`), /^418 tea x{1,400}\.\.\.$/, /LOKEAN_LOKI_URL/]
  ]
  for (const [{ ok, detail, hint }, expected, setting] of cases) {
    assert.match(detail, expected)
    assert.match(hint ?? '', setting, detail)
    assert.equal(ok, false, detail)
  }
})

test('to an empty push, Loki\'s own words alone are the right refusal', () => {
  const ok = { ok: true, detail: 'takes pushes (an empty one was tried)' }
  assert.deepEqual(answer(422, 'error at least one valid stream is required for ingestion', {}, judgeEmpty), ok)
  assert.deepEqual(answer(204, '', {}, judgeEmpty), ok)
  assert.equal(answer(422, PAGE, {}, judgeEmpty).ok, false)
  assert.equal(answer(400, 'error at least one valid stream is required for ingestion', {}, judgeEmpty).ok, false)
  assert.equal(answer(400, 'Client sent an HTTP request to an HTTPS server.', {}, judgeEmpty).ok, false)
  assert.equal(answer(200, PAGE, {}, judgeEmpty).ok, false)
})

test('a peer that quotes a secret is not quoted', () => {
  const { detail } = answer(401, 'bad header Authorization: Bearer abcd1234efgh')
  assert.doesNotMatch(detail, /abcd1234/)
})

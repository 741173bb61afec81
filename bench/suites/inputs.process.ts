import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '../harness/child.ts'
import { makeCertificate } from '../harness/inputs/certificate.ts'
import { rsyslogLacks } from '../harness/inputs/rsyslog-receiver.ts'
import { type InputMeasured, measureBus, measureStream, type InputTimes } from './inputs-measure.ts'
import type { InputCase } from './inputs-cases.ts'

export type InputsMethods = {
  /** What is missing of rsyslog, and of TLS; '' where nothing is. */
  lacks: () => { rsyslog: string, tls: string }
  measure: (one: InputCase, times: InputTimes) => Promise<InputMeasured>
}

const folder = mkdtempSync(join(tmpdir(), 'lokean-inputs-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
const certificate = makeCertificate(folder)

const methods: InputsMethods = {
  lacks: () => ({ rsyslog: rsyslogLacks(folder), tls: certificate === undefined ? 'openssl' : '' }),
  measure: async (one, times) => one.way === 'amqp' ? await measureBus(one, times) : await measureStream(one, times, folder, certificate)
}
serve(methods)

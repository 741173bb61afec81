import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Fault, Intercept } from './fault.ts'
import type { Intake } from './intake.ts'
import { storeBody } from './push-body.ts'
import { Refusal } from './refusal.ts'

export interface PushExchange {
  req: IncomingMessage
  res: ServerResponse
  tenant: string
  intake: Intake
  intercept: Intercept | undefined
  counter: { pushes: number }
  /** Resolves when the server closes, which ends all hanging pushes. */
  closed: Promise<void>
}

interface Answer {
  status: number
  text: string
  headers?: Record<string, string>
}

/** Takes one push, with any fault that `intercept` asks for, and answers 204 without a body, or a status and a text. */
export async function answerPush ({ req, res, tenant, intake, intercept, counter, closed }: PushExchange): Promise<void> {
  if (req.method !== 'POST') {
    res.writeHead(405).end()
    return
  }
  const body = await readBody(req)
  const attempt = ++counter.pushes
  const fault = await intercept?.({ tenant, attempt, body })
  const store = (): Promise<Answer> => storeAnswer(intake, tenant, req, body)
  if (fault === undefined) return reply(res, await store())
  await misbehave(fault, res, store, closed)
}

async function misbehave (fault: Fault, res: ServerResponse, store: () => Promise<Answer>, closed: Promise<void>): Promise<void> {
  if (fault.kind === 'answer') {
    if (fault.stored === true) await store()
    reply(res, { status: fault.status, text: fault.text ?? '', headers: fault.headers ?? {} })
  } else if (fault.kind === 'hang') {
    const early = fault.stored === true ? await store() : undefined
    await Promise.race([fault.release, closed])
    reply(res, early ?? await store())
  } else if (fault.when === 'before-store') {
    res.destroy()
  } else {
    await store()
    // The head promises more bytes than come. So the client gets a status, and then the end of the connection.
    if (fault.when === 'mid-response') {
      res.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'content-length': 100 })
      await new Promise<void>((resolve) => { res.write('cut short', () => resolve()) })
    }
    res.destroy()
  }
}

async function storeAnswer (intake: Intake, tenant: string, req: IncomingMessage, body: Buffer): Promise<Answer> {
  try {
    if (tenant.includes('|')) throw new Refusal(400, 'multiple org IDs present')
    await storeBody(intake, tenant, req.headers, body)
    return { status: 204, text: '' }
  } catch (error) {
    if (error instanceof Refusal) return { status: error.status, text: error.message + '\n' }
    throw error
  }
}

function reply (res: ServerResponse, { status, text, headers = {} }: Answer): void {
  if (res.destroyed) return
  if (text === '') {
    res.writeHead(status, headers).end()
    return
  }
  res.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'content-length': Buffer.byteLength(text),
    ...headers
  })
  res.end(text)
}

async function readBody (req: IncomingMessage): Promise<Buffer> {
  const length = Number(req.headers['content-length'] ?? NaN)
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, Number.isNaN(length) ? undefined : length)
}

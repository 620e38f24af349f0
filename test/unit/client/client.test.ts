/** The typed client against the real control server, and against servers that misbehave. */
import { createServer, type RequestListener } from 'node:http'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createClient } from '../../../client/client.ts'
import { readLines } from '../../../client/ndjson.ts'
import { systemClock } from '../../../core/clock.ts'
import { LumosError } from '../../../core/errors.ts'
import { LIMITS } from '../../../core/limits.ts'
import { silentLogger } from '../../../core/logger.ts'
import { createControlServer } from '../../../gateway/control/control-server.ts'
import type { ControlOperations } from '../../../gateway/control/operations.ts'
import { fakeOperations, lines, RUN_EVENTS } from '../../support/control-operations.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

async function setup(overrides: Partial<ControlOperations> = {}) {
  const socket = join(await temporaryDirectory(), 'lumos.sock')
  const operations = fakeOperations(overrides)
  const server = createControlServer(
    { operations, logger: silentLogger, clock: systemClock },
    { socketPath: socket }
  )
  await server.start()
  onTestFinished(() => server.stop())
  return { client: createClient({ socket }), operations }
}

/** A server of our own behind a socket and behind a port. */
async function misbehaving(handler: RequestListener) {
  const socket = join(await temporaryDirectory(), 'lumos.sock')
  const [local, remote] = [createServer(handler), createServer(handler)]
  await new Promise<void>((resolve) => local.listen(socket, resolve))
  await new Promise<void>((resolve) => remote.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const server of [local, remote]) {
      server.close()
      server.closeAllConnections()
    }
  })
  const address = remote.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  return [
    createClient({ socket }),
    createClient({ url: `http://127.0.0.1:${port}`, token: 'sesame' })
  ] as const
}

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = []
  for await (const value of stream) values.push(value)
  return values
}

test('every call brings the document that the daemon answered', async () => {
  const { client, operations } = await setup()
  const signal = new AbortController().signal
  expect(await client.status()).toEqual(await operations.status())
  expect(await client.id()).toEqual(await operations.identity())
  expect(await client.peers()).toEqual(await operations.peers())
  expect(await client.connect('bob')).toEqual(await operations.connectPeer('bob', signal))
  expect(await client.disconnect('bob')).toEqual(await operations.disconnectPeer('bob'))
  expect(await client.agents()).toEqual(await operations.agents())
  expect(await client.agent('echo', { node: 'bob' })).toEqual(await operations.agent('echo', 'bob'))
  expect(await client.config()).toEqual(await operations.config())
  expect(await client.doctor({ peer: 'bob' })).toEqual(await operations.doctor('bob', signal))
  expect(await client.tasks({ limit: 5 })).toEqual(await operations.tasks({ limit: 5 }))
  expect(await client.task('t1')).toEqual(await operations.task('t1'))
  expect(await client.cancel('t1')).toEqual(await operations.cancelTask('t1', signal))
  expect(await client.stop()).toEqual(await operations.stop())
  expect(await all(client.run({ target: 'echo', text: 'hi' }))).toEqual(RUN_EVENTS)
  expect(await all(client.events('t1'))).toEqual(RUN_EVENTS)
  expect(await all(client.logs({ level: 'warn', limit: 3 }))).toHaveLength(1)
})

test('names with slashes and spaces arrive whole', async () => {
  const { client } = await setup()
  expect(await client.ping('a/b c?d')).toMatchObject({ id: 'a/b c?d' })
  expect(await client.find('a & b=c', { all: true })).toMatchObject({
    query: 'a & b=c',
    asked: { dht: true }
  })
})

test('a failure of the daemon comes back as the error it was', async () => {
  const { client } = await setup({
    task: () => Promise.reject(new LumosError('TASK_CONFLICT', { details: { task: 't9' } }))
  })
  await expect(client.task('t9')).rejects.toMatchObject({
    code: 'TASK_CONFLICT',
    message: 'the task id t9 is taken by another request'
  })
})

test('a failure in mid-stream comes after the events before it', async () => {
  const { client } = await setup({
    async *run() {
      yield* lines(RUN_EVENTS.slice(0, 2))
      throw new LumosError('SESSION_CLOSED', { details: { peer: 'bob' } })
    }
  })
  const seen: number[] = []
  await expect(async () => {
    for await (const { seq } of client.run({ target: 'echo', text: 'hi' })) seen.push(seq)
  }).rejects.toMatchObject({ code: 'SESSION_CLOSED' })
  expect(seen).toEqual([0, 1])
})

test('without a daemon: DAEMON_DOWN, with profile and socket', async () => {
  const socket = join(await temporaryDirectory(), 'none.sock')
  await expect(createClient({ socket, profile: 'two' }).status()).rejects.toMatchObject({
    code: 'DAEMON_DOWN',
    details: { profile: 'two', socket }
  })
  await expect(createClient({ url: 'http://127.0.0.1:1' }).status()).rejects.toMatchObject({
    code: 'DAEMON_DOWN'
  })
})

test.for([
  ['before the answer', () => undefined],
  ['within the answer', '{"v":1,"seq":0}\n{"v":'],
  ['with half a line as if that were the end', '{"v":1,"seq":0}\n{"v":']
] as const)('a daemon that goes away %s: DAEMON_STOPPED', async ([when, text]) => {
  const clients = await misbehaving((_, response) => {
    if (typeof text !== 'string') response.destroy()
    else {
      response.write(text, () => (when.startsWith('within') ? response.destroy() : response.end()))
    }
  })
  const errors = clients.map((client) => all(client.events('t1')).catch((error: unknown) => error))
  const [local, remote] = await Promise.all(errors)
  expect(local).toMatchObject({ code: 'DAEMON_STOPPED' })
  expect(remote).toMatchObject({
    // fetch cannot tell a connection that broke from one that was never made.
    code: typeof text === 'string' ? 'DAEMON_STOPPED' : 'DAEMON_DOWN'
  })
})

test('a daemon that does not answer: TIMED_OUT at the deadline', async () => {
  const clients = await misbehaving(() => {})
  for (const client of clients) {
    const timeout = { timeoutMs: 30 }
    // oxlint-disable-next-line no-await-in-loop -- two transports, one after the other
    await expect(client.status(timeout)).rejects.toMatchObject({ code: 'TIMED_OUT' })
    // oxlint-disable-next-line no-await-in-loop -- as above
    await expect(all(client.events('t1', timeout))).rejects.toMatchObject({ code: 'TIMED_OUT' })
  }
})

test('an open stream has no deadline', async () => {
  const clients = await misbehaving((_, response) => {
    response.write('{"seq":0}\n')
    AbortSignal.timeout(60).addEventListener('abort', () => response.end('{"seq":1}\n'))
  })
  for (const client of clients) {
    // oxlint-disable-next-line no-await-in-loop -- as above
    expect(await all(client.events('t1', { timeoutMs: 30 }))).toHaveLength(2)
  }
})

test('an aborted call fails with the reason that was given', async () => {
  const clients = await misbehaving((_, response) => void response.write('{"seq":0}\n'))
  for (const client of clients) {
    const stop = new AbortController()
    const reason = new Error('enough')
    // oxlint-disable-next-line no-await-in-loop -- as above
    await expect(async () => {
      for await (const _ of client.events('t1', { signal: stop.signal })) stop.abort(reason)
    }).rejects.toBe(reason)
  }
})

test('leaving the loop early closes the request', async () => {
  const closed = Promise.withResolvers<void>()
  const [client] = await misbehaving((_, response) => {
    response.on('close', closed.resolve)
    response.write('{"seq":0}\n')
  })
  for await (const _ of client.events('t1')) break
  await expect(closed.promise).resolves.toBeUndefined()
})

test('a URL is called with the token', async () => {
  const [, client] = await misbehaving((request, response) => {
    response.end(JSON.stringify({ v: 1, name: request.headers.authorization }))
  })
  expect(await client.id()).toMatchObject({ name: 'Bearer sesame' })
})

test('what is no JSON, or no success, is an error and never a document', async () => {
  const [client] = await misbehaving((request, response) => {
    if (request.url === '/v1/id') response.end('<html>')
    else response.writeHead(502).end('{}')
  })
  await expect(client.id()).rejects.toMatchObject({ code: 'DAEMON_STOPPED' })
  await expect(client.status()).rejects.toMatchObject({
    code: 'INTERNAL',
    details: { status: 502 }
  })
})

test('lines are found wherever the chunks were cut', async () => {
  const text = '{"a":"é€😀"}\n\n{"b":2}\n{"c":3}'
  const data = new TextEncoder().encode(text)
  const expected = [{ a: 'é€😀' }, { b: 2 }, { c: 3 }]
  for (let size = 1; size <= data.length; size += 1) {
    const chunks = Array.from({ length: Math.ceil(data.length / size) }, (_, index) =>
      data.subarray(index * size, (index + 1) * size)
    )
    // oxlint-disable-next-line no-await-in-loop -- every size of chunk
    expect(await all(readLines(lines(chunks)))).toEqual(expected)
  }
})

test('a line without end is refused before it fills the memory', async () => {
  const chunk = new Uint8Array(1024 * 1024).fill(0x20)
  async function* endless() {
    for (;;) yield chunk
  }
  await expect(all(readLines(endless()))).rejects.toMatchObject({
    code: 'PAYLOAD_TOO_LARGE',
    details: { limit: LIMITS.controlBytes.value }
  })
})

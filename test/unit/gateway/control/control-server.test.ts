import { mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises'
import { createServer, connect } from 'node:net'
import { request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createClient } from '../../../../client/client.ts'
import { systemClock } from '../../../../core/clock.ts'
import { silentLogger } from '../../../../core/logger.ts'
import { createControlServer } from '../../../../gateway/control/control-server.ts'
import type { ControlOperations } from '../../../../gateway/control/operations.ts'
import { fakeOperations, RUN_EVENTS } from '../../../support/control-operations.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'
import { PATIENCE } from '../../../support/patience.ts'

async function setup(overrides: Partial<ControlOperations> = {}) {
  const folder = await temporaryDirectory()
  const socketPath = join(folder, 'lumos.sock')
  const components = {
    operations: fakeOperations(overrides),
    logger: silentLogger,
    clock: systemClock
  }
  const server = createControlServer(components, { socketPath })
  onTestFinished(() => server.stop())
  return { client: createClient({ socket: socketPath }), components, folder, server, socketPath }
}

async function started(overrides: Partial<ControlOperations> = {}) {
  const parts = await setup(overrides)
  await parts.server.start()
  return parts
}

/** A request whose answer the test reads as it likes. */
function get(socketPath: string, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path, agent: false }, resolve).once('error', reject).end()
  })
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of source) all.push(one)
  return all
}

/** An endless stream that counts what was taken from it, and tells when it was left. */
function endless() {
  const left = Promise.withResolvers<void>()
  const counter = { produced: 0, left: left.promise }
  const taskEvents: ControlOperations['taskEvents'] = async function* () {
    try {
      for (;;) {
        counter.produced += 1
        yield { v: 1, seq: counter.produced, type: 'status', ...WORKING }
      }
    } finally {
      left.resolve()
    }
  }
  return { counter, taskEvents }
}

const WORKING = { state: 'TASK_STATE_WORKING', text: 'x'.repeat(1000), atMs: 1 } as const

test('serves the typed client', async () => {
  const { client } = await started()
  expect(await client.status()).toMatchObject({ name: 'amber-otter' })
  expect(await client.find('echo', { all: true })).toMatchObject({ asked: { dht: true } })
  expect(await client.ping('amber otter/1')).toMatchObject({ id: 'amber otter/1' })
  await expect(client.task('unknown')).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' })
  expect(await collect(client.run({ target: 'echo', text: 'hi' }))).toEqual(RUN_EVENTS)
})

test('needs no folder but that of the socket', async () => {
  const { components, folder } = await setup()
  const own = join(folder, 'own')
  await mkdir(own)
  // What the system would tell about the folder above: it changes when a name comes or goes in it.
  const before = await stat(folder, { bigint: true })
  const server = createControlServer(components, { socketPath: join(own, 'lumos.sock') })
  onTestFinished(() => server.stop())
  await server.start()
  expect((await stat(folder, { bigint: true })).mtimeNs).toBe(before.mtimeNs)
})

test('lets this user in and nobody else, whatever the umask says', async () => {
  const before = process.umask(0)
  onTestFinished(() => void process.umask(before))
  const { socketPath, folder } = await started()
  expect((await stat(socketPath)).mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual(['lumos.sock'])
})

test('leaves nothing behind, however often it is stopped', async () => {
  const { server, folder, client } = await started()
  await client.status()
  await Promise.all([server.stop(), server.stop()])
  await server.stop()
  expect(await readdir(folder)).toEqual([])
  await expect(client.status()).rejects.toMatchObject({ code: 'DAEMON_DOWN' })
  await server.start()
  expect(await client.status()).toMatchObject({ v: 1 })
})

test('takes the place of a socket that nobody serves any more', async () => {
  const { server, socketPath, client } = await setup()
  const dead = createServer().listen(join(socketPath, '..', 'other.sock'))
  await vi.waitFor(() => expect(dead.listening).toBe(true), PATIENCE)
  // A crash leaves the file; closing would remove it, so it is moved away first.
  await rename(join(socketPath, '..', 'other.sock'), socketPath)
  await new Promise((resolve) => dead.close(resolve))
  expect((await stat(socketPath)).isSocket()).toBe(true)
  await server.start()
  expect(await client.status()).toMatchObject({ v: 1 })
})

test('leaves a living socket to its owner, and on stop removes only its own', async () => {
  const { server, components, socketPath, client } = await started()
  const second = createControlServer(components, { socketPath })
  await expect(second.start()).rejects.toMatchObject({ code: 'LISTEN_FAILED' })
  await second.stop()
  expect(await client.status()).toMatchObject({ v: 1 })
  await server.stop()
  await writeFile(socketPath, 'mine')
  await expect(server.start()).rejects.toMatchObject({ code: 'LISTEN_FAILED' })
  expect(await stat(socketPath)).toMatchObject({ size: 4 })
})

test('says so when the folder is not there', async () => {
  const { components, folder } = await setup()
  const server = createControlServer(components, { socketPath: join(folder, 'no', 'a.sock') })
  await expect(server.start()).rejects.toMatchObject({ code: 'LISTEN_FAILED' })
})

test('serves a path as long as the system allows', async () => {
  const { components, folder } = await setup()
  const deep = join(folder, 'd'.repeat(100 - folder.length - 12))
  await mkdir(deep)
  const socketPath = join(deep, 'lumos.sock')
  expect(socketPath).toHaveLength(100)
  const server = createControlServer(components, { socketPath })
  onTestFinished(() => server.stop())
  await server.start()
  expect(await createClient({ socket: socketPath }).status()).toMatchObject({ v: 1 })
})

test('a reader that pauses holds the source back; one that leaves ends it', async () => {
  const { counter, taskEvents } = endless()
  const { socketPath, client } = await started({ taskEvents })
  const response = await get(socketPath, '/v1/tasks/t1/events')
  response.pause()
  let before = -1
  await vi.waitUntil(
    () => {
      const still = counter.produced === before
      before = counter.produced
      return still
    },
    { interval: 100, timeout: 10_000 }
  )
  // What fits into the buffers of both processes' ends; the source could give thousands more.
  expect(counter.produced).toBeLessThan(2000)
  expect(await client.status()).toMatchObject({ v: 1 })
  response.destroy()
  await counter.left
})

test('a client that leaves while it waits frees the operation', async () => {
  const aborted = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const { client } = await started({
    pingPeer: (_, signal) => {
      signal.addEventListener('abort', () => aborted.resolve())
      asked.resolve()
      return new Promise(() => {})
    }
  })
  const leave = new AbortController()
  const answer = client.ping('amber', { signal: leave.signal })
  await asked.promise
  leave.abort(new Error('enough'))
  await expect(answer).rejects.toThrow('enough')
  await aborted.promise
})

test('ends streams with a reason when it stops, and waits for nobody who does not read', async () => {
  const { taskEvents } = endless()
  const { server, socketPath } = await started({
    taskEvents,
    logs: async function* (_, signal) {
      yield { time: '', level: 'info', component: 'a', message: 'b', fields: {} }
      await systemClock.sleep(60_000, signal)
    }
  })
  const paused = await get(socketPath, '/v1/tasks/t1/events')
  paused.pause()
  paused.once('error', () => undefined)
  const reading = await get(socketPath, '/v1/logs?follow=true')
  const text = collect<Buffer>(reading)
  await server.stop()
  expect(JSON.parse((await text).join('').trim().split('\n').at(-1) ?? '')).toMatchObject({
    ok: false,
    error: { code: 'SHUTTING_DOWN' }
  })
})

test('bytes that are no HTTP cost only who sent them', async () => {
  const { client, socketPath } = await started()
  for (const bytes of ['\0\0\0', 'GET', 'POST /v1/run HTTP/1.1\r\nContent-Length: 9e9\r\n\r\n']) {
    const socket = connect(socketPath)
    socket.on('error', () => undefined)
    socket.end(bytes)
    await new Promise((resolve) => socket.resume().once('close', resolve))
  }
  expect(await client.status()).toMatchObject({ v: 1 })
})

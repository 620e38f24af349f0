/** A killed process must never look like one that had said everything (libp2p reports a normal end). */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, onTestFinished, test } from 'vitest'
import { createLibp2pNode, startSessions } from '../support/libp2p-pair.ts'

async function startServer() {
  const server = spawn(process.execPath, ['test/support/session-server.ts'], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const exited = once(server, 'exit')
  onTestFinished(async () => {
    server.kill('SIGKILL')
    await exited
  })
  const [address] = await once(createInterface({ input: server.stdout }), 'line')
  return { server, address: multiaddr(String(address)) }
}

test('kill -9 in the middle of a stream is a failure to try again, after all that had arrived', async () => {
  const { server, address } = await startServer()
  const libp2p = await createLibp2pNode('/ip4/127.0.0.1/tcp/0')
  const { sessions } = await startSessions(libp2p, 1)
  onTestFinished(async () => {
    await sessions.stop()
    await libp2p.stop()
  })
  const { remotePeer } = await libp2p.dial(address)
  const session = await sessions.connect(remotePeer.toString())
  const seen: unknown[] = []
  try {
    for await (const [n] of session.stream('three', new Uint8Array(), { timeoutMs: Infinity })) {
      seen.push(n)
      if (n === 3) server.kill('SIGKILL')
    }
    seen.push('end')
  } catch (error) {
    seen.push(error)
  }
  expect(seen).toEqual([
    1,
    2,
    3,
    expect.objectContaining({
      code: 'SESSION_CLOSED',
      retry: true,
      cause: expect.objectContaining({ code: 'STREAM_TRUNCATED' })
    })
  ])
})

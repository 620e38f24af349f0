import { expect, test, vi } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { holdBack } from '../../../node/relay-service.ts'

const CHUNK = 64 * 1024

/** A stream of libp2p as far as a relay sees it: what is written waits until the other end reads. */
class FakeStream extends EventTarget {
  readStatus = 'readable'
  writeBufferLength = 0

  send(data: { readonly byteLength: number }): boolean {
    this.writeBufferLength += data.byteLength
    return this.writeBufferLength < CHUNK
  }

  pause(): void {
    this.readStatus = 'paused'
  }

  resume(): void {
    this.readStatus = 'readable'
  }

  arrive(byteLength: number): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data: { byteLength } }))
  }

  drain(): void {
    this.writeBufferLength = 0
    this.dispatchEvent(new Event('drain'))
  }
}

function setup() {
  const from = new FakeStream()
  const to = new FakeStream()
  // As libp2p's: an event of type `message` has data.
  holdBack(from as unknown as Parameters<typeof holdBack>[0], to)
  // As libp2p, when it joins the two.
  from.addEventListener('message', vi.fn())
  return { from, to }
}

/** Microtasks run before it. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a sender that nobody reads is paused at the bound, and goes on when there is room', async () => {
  const { from, to } = setup()
  let arrived = 0
  while (from.readStatus === 'readable' && arrived < 64 * LIMITS.relayBuffer.value) {
    from.arrive(CHUNK)
    arrived += CHUNK
    await turn()
  }
  expect(arrived).toBeLessThanOrEqual(LIMITS.relayBuffer.value + CHUNK)

  for (let sent = 0; sent < arrived; sent += CHUNK) to.send({ byteLength: CHUNK })
  await turn()
  expect(from.readStatus).toBe('paused')
  to.drain()
  await turn()
  expect(from.readStatus).toBe('readable')
})

test('what has arrived already is not taken from libp2p', async () => {
  const stream = new FakeStream()
  const listened: string[] = []
  stream.addEventListener = (type: string) => void listened.push(type)
  holdBack(stream as unknown as Parameters<typeof holdBack>[0], new FakeStream())
  expect(listened).toEqual([])
})

test('what the relay says itself counts for nobody', async () => {
  const { from, to } = setup()
  to.send({ byteLength: 100 })
  to.drain()
  from.arrive(LIMITS.relayBuffer.value + 1)
  await turn()
  expect(from.readStatus).toBe('paused')
})

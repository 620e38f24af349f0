import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { holdBack } from '../../../../node/libp2p/relay-service.ts'
import type { RelayedStream } from '../../../../node/libp2p/relay-service.ts'

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

function asRelayed(stream: FakeStream): RelayedStream {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its events have data, as libp2p's
  return stream as unknown as RelayedStream
}

function setup() {
  const from = new FakeStream()
  const to = new FakeStream()
  holdBack(asRelayed(from), asRelayed(to))
  // As libp2p, when it joins the two.
  from.addEventListener('message', () => undefined)
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
  holdBack(asRelayed(stream), asRelayed(new FakeStream()))
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

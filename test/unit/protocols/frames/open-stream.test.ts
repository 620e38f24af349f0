import { peerIdFromString } from '@libp2p/peer-id'
import { expect, test } from 'vitest'
import { openStream } from '../../../../protocols/frames/open-stream.ts'
import type {
  RawConnection,
  RawDialler,
  RawStream
} from '../../../../protocols/frames/raw-stream.ts'
import { FakeRawStream } from '../../../support/raw-stream.ts'

const PEER = peerIdFromString('12D3KooWEQQFCiJXcG5VXF2gQRu6S9L2JD5QAPacYeCANnRJindq')
const PROTOCOL = '/lumos/session/1.0.0'

class FakeConnection implements RawConnection {
  /** What asking for a stream leads to, one after another; the last one stays. */
  readonly #answers: (RawStream | Error)[]
  readonly direct = true
  asked = 0
  aborted = false

  constructor(...answers: (RawStream | Error)[]) {
    this.#answers = answers
  }

  newStream(): Promise<RawStream> {
    const answer = this.#answers[Math.min(this.asked++, this.#answers.length - 1)]
    return answer instanceof Error || answer === undefined
      ? Promise.reject(answer)
      : Promise.resolve(answer)
  }

  abort(): void {
    this.aborted = true
  }
}

/** A node that offers the first of its connections that still counts as open, else a fresh one. */
function setup(held: readonly FakeConnection[], fresh: FakeConnection = healthy()) {
  const closed = new Set<FakeConnection>()
  const open = () => held.find((each) => !each.aborted && !closed.has(each))
  let dials = 0
  const node: RawDialler = {
    getConnections: () => [...held],
    dial() {
      const connection = open()
      if (connection === undefined) dials++
      return Promise.resolve(connection ?? fresh)
    }
  }
  return {
    closed,
    fresh,
    dials: () => dials,
    open: (signal = new AbortController().signal) => openStream(node, [PEER, PROTOCOL], signal)
  }
}

function healthy(): FakeConnection {
  return new FakeConnection(FakeRawStream.pair()[0])
}

function named(name: string): Error {
  return Object.assign(new Error(name), { name })
}

const reset = named('StreamResetError')
const muxerClosed = named('ConnectionClosedError')

test('uses the connection that is there', async () => {
  const held = healthy()
  const { dials, open } = setup([held])
  expect((await open()).connection).toBe(held)
  expect(dials()).toBe(0)
})

test('connections that turn out to have ended give way to the next, and to a fresh one', async () => {
  const ended = [new FakeConnection(reset, muxerClosed), new FakeConnection(muxerClosed)]
  const alive = healthy()
  expect((await setup([...ended, alive]).open()).connection).toBe(alive)
  const { dials, fresh, open } = setup([new FakeConnection(reset, muxerClosed)])
  expect((await open()).connection).toBe(fresh)
  expect(dials()).toBe(1)
})

test('only a connection that is known to be closed is torn down', async () => {
  const stumbling = new FakeConnection(reset, FakeRawStream.pair()[0])
  expect((await setup([stumbling]).open()).connection).toBe(stumbling)
  expect(stumbling.aborted).toBe(false)
})

test('what fails on a fresh connection has failed', async () => {
  for (const error of [reset, muxerClosed]) {
    const fresh = new FakeConnection(error)
    await expect(setup([], fresh).open()).rejects.toBe(error)
    expect(fresh.asked).toBe(1)
  }
})

test('a connection that fails again and again is no reason to go on for ever', async () => {
  const broken = new FakeConnection(reset)
  await expect(setup([broken]).open()).rejects.toBe(reset)
  expect(broken.asked).toBe(2)
})

test('nothing is tried again once the caller has left', async () => {
  const controller = new AbortController()
  const held = new FakeConnection(reset)
  controller.abort(new Error('enough'))
  await expect(setup([held]).open(controller.signal)).rejects.toBe(reset)
  expect(held.asked).toBe(1)
})

/** Properties of everything that reads a peer's bytes, run a little or a lot. */
import * as fc from 'fast-check'
import { expect } from 'vitest'
import { LumosError } from '../../core/errors.ts'
import { silentLogger } from '../../core/logger.ts'
import { FrameBatch } from '../../protocols/frames/batch.ts'
import { FrameDecoder } from '../../protocols/frames/decoder.ts'
import type { FramePipe, FrameSink } from '../../protocols/frames/pipe.ts'
import {
  decodeFrame,
  encodeCredit,
  encodeData,
  encodeOpen,
  encodePlain
} from '../../protocols/session/codec.ts'
import { ALLOWANCE, createCallQuotas } from '../../protocols/session/call-quotas.ts'
import { FRAME_COST } from '../../protocols/session/constants.ts'
import { shakeHands } from '../../protocols/session/handshake.ts'
import { SessionLink } from '../../protocols/session/link.ts'
import { createMethods } from '../../protocols/session/methods.ts'
import { encodeHello } from '../../protocols/session/schema.ts'
import { ManualClock } from './manual-clock.ts'

const HELLO = {
  protocol: '1.0',
  swarm: 's',
  name: 'n',
  version: 'v',
  instance: 'instance',
  clock: 0,
  fields: {}
}

const FRAME_ERRORS = ['FRAME_TOO_LARGE', 'FRAME_MALFORMED']

/** Runs `action`; anything it throws must be one of `codes`. */
function mayFail(codes: readonly string[], action: () => void): void {
  try {
    action()
  } catch (error) {
    expect(error).toBeInstanceOf(LumosError)
    expect(codes).toContain(error instanceof LumosError && error.code)
  }
}

/** What an honest peer might say: the material for mutations. */
const frame = fc.oneof(
  fc.record({
    kind: fc.constant('open' as const),
    flags: fc.constantFrom(0, 3, 7, 4),
    id: fc.integer({ min: 0, max: 12 }),
    timeoutMs: fc.constantFrom(0, 1, 30_000, 0xffffffff),
    method: fc.constantFrom('echo', 'many', 'throws', 'x'),
    headers: fc.constantFrom('', '{}', '{"a":1}', '[', 'null').map((text) => Buffer.from(text)),
    body: fc.uint8Array({ maxLength: 40 })
  }),
  fc.record({
    kind: fc.constant('data' as const),
    flags: fc.constantFrom(0, 1, 2, 3),
    id: fc.integer({ min: 0, max: 12 }),
    body: fc.uint8Array({ maxLength: 40 })
  }),
  fc.record({
    kind: fc.constant('credit' as const),
    id: fc.integer({ min: 0, max: 12 }),
    bytes: fc.constantFrom(0, 1, 65_536, 0x7fffffff, 0xffffffff)
  }),
  fc.record({
    kind: fc.constant('plain' as const),
    type: fc.constantFrom(1, 2, 5, 6, 8, 9, 10, 11),
    id: fc.integer({ min: 0, max: 12 }),
    body: fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .constantFrom('{"code":"TIMED_OUT"}', '{"code":"?","details":{"a":[1]}}', '{}')
        .map((text) => Buffer.from(text))
    )
  })
)

type AnyFrame = typeof frame extends fc.Arbitrary<infer T> ? T : never

function encode(batch: FrameBatch, said: AnyFrame): void {
  if (said.kind === 'open') encodeOpen(batch, said)
  else if (said.kind === 'data') encodeData(batch, said)
  else if (said.kind === 'credit') encodeCredit(batch, said.id, said.bytes)
  else encodePlain(batch, said.type, said)
}

/** Byte changes of a conversation: set, remove or repeat somewhere. */
const mutation = fc.record({
  kind: fc.constantFrom('set', 'remove', 'repeat'),
  at: fc.nat(4000),
  value: fc.nat(255)
})

const conversation = fc
  .tuple(fc.array(frame, { maxLength: 12 }), fc.array(mutation, { maxLength: 3 }))
  .map(([frames, mutations]) => {
    const batch = new FrameBatch()
    for (const said of frames) encode(batch, said)
    const bytes = [...(batch.take() ?? [])]
    for (const { kind, at, value } of mutations) {
      const place = bytes.length === 0 ? 0 : at % bytes.length
      if (kind === 'set') bytes[place] = value
      else if (kind === 'remove') bytes.splice(place, 1 + (value % 8))
      else bytes.splice(place, 0, ...bytes.slice(place, place + 1 + (value % 16)))
    }
    return Uint8Array.from(bytes)
  })

const input = fc.oneof(conversation, fc.uint8Array({ maxLength: 200 }))

function framesOf(bytes: Uint8Array, take: (frame: Uint8Array) => void): void {
  const decoder = new FrameDecoder(256 * 1024)
  mayFail(FRAME_ERRORS, () => {
    decoder.push(bytes)
    for (let found = decoder.next(); found; found = decoder.next()) take(found)
  })
}

/** A pipe that goes nowhere. */
class Nowhere implements FramePipe {
  readonly peer = 'peer'
  readonly path = 'direct'
  readonly direction = 'inbound'
  readonly writable = true
  sentBytes = 0
  sink: FrameSink | undefined

  receive(sink: FrameSink): void {
    this.sink = sink
  }
  send({ length }: Uint8Array): void {
    this.sentBytes += length
  }
  pause(): void {}
  resume(): void {}
  async end(): Promise<void> {}
  async close(): Promise<void> {}
  abort(reason: Error): void {
    this.sink?.failed(reason)
  }
}

function createLink(methods = createMethods(() => undefined)) {
  const clock = new ManualClock()
  const pipe = new Nowhere()
  const deferred: (() => void)[] = []
  const defer = (action: () => void): void => void deferred.push(action)
  const run = (): void => {
    for (const action of deferred.splice(0)) action()
  }
  const closed: LumosError[] = []
  const quotas = createCallQuotas({ clock }, ALLOWANCE)
  const components = { clock, logger: silentLogger, methods, quotas, defer }
  const link = new SessionLink(components, pipe, {
    leaving: () => undefined,
    closed: (_, reason) => closed.push(reason)
  })
  return { link, pipe, run, closed }
}

function fuzzedMethods() {
  const methods = createMethods(() => undefined)
  methods.request('echo', (body) => body)
  methods.request('throws', () => {
    throw new TypeError('a bug')
  })
  methods.stream('many', async function* (body) {
    yield body
    yield new Uint8Array(5000)
  })
  return methods
}

export function fuzzFrames(numRuns: number): void {
  fc.assert(
    fc.property(input, (bytes) => {
      framesOf(bytes, (found) => mayFail(['PROTOCOL_VIOLATION'], () => void decodeFrame(found)))
      mayFail(['PROTOCOL_VIOLATION'], () => void decodeFrame(bytes))
    }),
    { numRuns }
  )
}

/** Whatever a peer says, its link answers, or closes once, and no other link is touched. */
export function fuzzLinks(numRuns: number): void {
  const methods = fuzzedMethods()
  const honest = createLink(methods)
  let id = -1
  fc.assert(
    fc.property(input, (bytes) => {
      const { link, run, closed } = createLink(methods)
      const pending = [link.request('echo', Uint8Array.of(1)), link.stream('many', bytes).next()]
      for (const call of pending) call.catch(() => undefined)
      framesOf(bytes, (found) => link.frame(found))
      run()
      expect(closed.length).toBeLessThanOrEqual(1)
      const violated = closed.some(({ code }) => code === 'INTERNAL')
      expect(violated).toBe(false)
      link.ended()
      run()
      expect(closed).toHaveLength(1)

      const before = honest.pipe.sentBytes
      for (const said of echoCall((id += 2))) honest.link.frame(said)
      honest.run()
      expect(honest.pipe.sentBytes).toBeGreaterThan(before)
      expect(honest.closed).toEqual([])
    }),
    { numRuns }
  )
}

/** A call, and the credit for its answer. */
function echoCall(id: number): Uint8Array[] {
  const batch = new FrameBatch()
  const nothing = new Uint8Array()
  encodeOpen(batch, {
    flags: 3,
    id,
    timeoutMs: 1000,
    method: 'echo',
    headers: nothing,
    body: nothing
  })
  encodeCredit(batch, 0, FRAME_COST)
  const frames: Uint8Array[] = []
  framesOf(batch.take() ?? nothing, (found) => frames.push(found))
  return frames
}

/** A handshake ends in exactly one way, or waits. */
export function fuzzHandshakes(numRuns: number): void {
  const json = fc.json({ maxDepth: 3 }).map((text) => Buffer.from(text))
  const hello = fc
    .dictionary(fc.constantFrom(...Object.keys(HELLO), 'more'), fc.jsonValue({ maxDepth: 2 }))
    .map((fields) => Buffer.from(JSON.stringify({ ...HELLO, ...fields })))
  const first = fc.record({
    type: fc.constantFrom(1, 1, 1, 2, 3, 10, 200),
    body: fc.oneof(hello, json, fc.uint8Array({ maxLength: 60 }), fc.constant(encodeHello(HELLO)))
  })
  fc.assert(
    fc.property(fc.array(first, { maxLength: 3 }), (said) => {
      const pipe = new Nowhere()
      const outcomes: string[] = []
      shakeHands({ clock: new ManualClock() }, pipe, {
        hello: HELLO,
        judge: ({ swarm }) => (swarm === 's' ? undefined : new LumosError('OTHER_SWARM')),
        outcome: {
          accepted: () => {
            outcomes.push('accepted')
            return { frame() {}, drained() {}, ended() {}, failed() {} }
          },
          refused: () => outcomes.push('refused'),
          failed: () => outcomes.push('failed')
        }
      })
      for (const { type, body } of said) {
        pipe.sink?.frame(Buffer.concat([Buffer.from([type, 0, 0, 0, 0, 0]), body]))
      }
      pipe.sink?.ended()
      expect(outcomes).toHaveLength(1)
    }),
    { numRuns }
  )
}

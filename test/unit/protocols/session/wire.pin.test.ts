/** The bytes of the session protocol 1.0: other implementations depend on every one of them. */
import { expect, test } from 'vitest'
import { LumosError } from '../../../../core/errors.ts'
import { FrameBatch } from '../../../../protocols/frames/batch.ts'
import {
  decodeFrame,
  encodeCredit,
  encodeData,
  encodeOpen,
  encodePlain
} from '../../../../protocols/session/codec.ts'
import { SESSION_PROTOCOL, SESSION_VERSION } from '../../../../protocols/session/constants.ts'
import { encodeHello, encodeWireError } from '../../../../protocols/session/schema.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function hex(encode: (batch: FrameBatch) => void): string {
  const batch = new FrameBatch()
  encode(batch)
  return Buffer.from(batch.take() ?? []).toString('hex')
}

const FRAMES = [
  [
    'OPEN',
    (batch) =>
      encodeOpen(batch, {
        flags: 0x07,
        id: 0x01020304,
        timeoutMs: 30_000,
        method: 'a/b',
        headers: bytes('{}'),
        body: bytes('body')
      }),
    '0000001603070102030400007530030002612f627b7d626f6479'
  ],
  [
    'OPEN without a deadline, headers and body',
    (batch) =>
      encodeOpen(batch, {
        flags: 0,
        id: 1,
        timeoutMs: 0xffffffff,
        method: 'm',
        headers: bytes(''),
        body: bytes('')
      }),
    '0000000e030000000001ffffffff0100006d'
  ],
  [
    'DATA',
    (batch) => encodeData(batch, { flags: 0x03, id: 2, body: bytes('hi') }),
    '000000080403000000026869'
  ],
  ['CREDIT', (batch) => encodeCredit(batch, 3, 65_536), '0000000a07000000000300010000'],
  ['CANCEL', (batch) => encodePlain(batch, 0x06, { id: 5 }), '00000006060000000005'],
  [
    'ERROR',
    (batch) => encodePlain(batch, 0x05, { id: 5, body: bytes('{}') }),
    '000000080500000000057b7d'
  ],
  [
    'PING',
    (batch) => encodePlain(batch, 0x08, { body: bytes('abcd') }),
    '0000000a08000000000061626364'
  ],
  [
    'PONG',
    (batch) => encodePlain(batch, 0x09, { body: bytes('abcd') }),
    '0000000a09000000000061626364'
  ],
  ['HELLO', (batch) => encodePlain(batch, 0x01, { body: bytes('{}') }), '000000080100000000007b7d'],
  [
    'REFUSE',
    (batch) => encodePlain(batch, 0x02, { body: bytes('{}') }),
    '000000080200000000007b7d'
  ],
  [
    'GOAWAY',
    (batch) => encodePlain(batch, 0x0a, { body: bytes('{}') }),
    '000000080a00000000007b7d'
  ],
  ['RETIRE', (batch) => encodePlain(batch, 0x0b, {}), '000000060b0000000000']
] satisfies readonly (readonly [string, (batch: FrameBatch) => void, string])[]

test.for(FRAMES)('%s', ([, encode, expected]) => {
  expect(hex(encode)).toBe(expected)
})

test.for(FRAMES)('%s is read as it is written', ([, encode, expected]) => {
  const frame = decodeFrame(Buffer.from(expected.slice(8), 'hex'))
  const again = hex((batch) => {
    if (frame.type === 0x03) encodeOpen(batch, frame)
    else if (frame.type === 0x04) encodeData(batch, frame)
    else if (frame.type === 0x07) encodeCredit(batch, frame.id, frame.bytes)
    else if (frame.type !== undefined) encodePlain(batch, frame.type, frame)
  })
  expect(again).toBe(hex(encode))
})

test('HELLO and errors in JSON', () => {
  const hello = {
    protocol: '1.0',
    swarm: 's',
    name: 'n',
    version: 'v',
    instance: 'i',
    clock: 1,
    fields: { digests: ['d'] }
  }
  expect(Buffer.from(encodeHello(hello)).toString()).toBe(
    '{"protocol":"1.0","swarm":"s","name":"n","version":"v","instance":"i","clock":1,"fields":{"digests":["d"]}}'
  )
  const error = new LumosError('TASK_CONFLICT', { details: { task: 't' } })
  expect(JSON.parse(Buffer.from(encodeWireError(error)).toString())).toEqual({
    code: 'TASK_CONFLICT',
    message: 'the task id t is taken by another request',
    details: { task: 't' }
  })
})

test('names', () => {
  expect([SESSION_PROTOCOL, SESSION_VERSION]).toEqual(['/lumos/session/1.0.0', '1.0'])
})

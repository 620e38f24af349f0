import { streamPair } from '@libp2p/utils'
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { pulledChunks } from '../../../../node/libp2p/pulled-stream.ts'

const UNREAD = LIMITS.gossipUnread.value
const PIECE = 16 * 1024

async function setup() {
  const [sender, receiver] = await streamPair({
    inbound: { maxReadBufferLength: 4 * UNREAD }
  })
  let came = 0
  receiver.addEventListener('message', ({ data }) => (came += data.byteLength))
  return { sender, receiver, chunks: pulledChunks(receiver), came: () => came }
}

async function bytesOf(chunks: AsyncIterable<{ readonly byteLength: number }>): Promise<number> {
  let bytes = 0
  for await (const { byteLength } of chunks) bytes += byteLength
  return bytes
}

test('what comes is handed on in whole, and then the end', async () => {
  const { sender, chunks } = await setup()
  const read = bytesOf(chunks)
  for (let piece = 0; piece < 3; piece++) sender.send(new Uint8Array(PIECE))
  await sender.close()
  expect(await read).toBe(3 * PIECE)
})

test('who does not ask for more is not sent more than a little', async () => {
  const { sender, receiver, chunks, came } = await setup()
  sender.send(new Uint8Array(PIECE))
  await chunks.next()
  const pieces = (2 * UNREAD) / PIECE
  for (let piece = 0; piece < pieces; piece++) sender.send(new Uint8Array(PIECE))
  await expect.poll(() => receiver.readStatus).toBe('paused')
  await expect.poll(() => came() + receiver.readBufferLength).toBe((pieces + 1) * PIECE)
  expect(came()).toBeLessThanOrEqual(UNREAD + PIECE)
  void sender.close()
  expect(await bytesOf(chunks)).toBe(pieces * PIECE)
})

test('a stream that breaks says so to its reader', async () => {
  const { sender, chunks } = await setup()
  const read = bytesOf(chunks)
  sender.abort(new Error('gone'))
  await expect(read).rejects.toThrow('reset')
})

test('of a stream that was over before, nothing comes', async () => {
  const [sender, receiver] = await streamPair()
  await Promise.all([sender.close(), receiver.close()])
  await expect.poll(() => receiver.status).toBe('closed')
  expect(await bytesOf(pulledChunks(receiver))).toBe(0)
})

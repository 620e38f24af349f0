/** Event streams as servers write them, however the network cuts them. */
import { expect, test } from 'vitest'
import { createChunkReader, StreamedFailure } from '../../../../agents/models/chunk-reader.ts'

const WHOLE = 1_000_000

function streamOf(text: string, size = WHOLE): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  let at = 0
  return new ReadableStream({
    pull(sink) {
      if (at >= bytes.length) sink.close()
      else sink.enqueue(bytes.slice(at, (at += size)))
    }
  })
}

async function read(body: ReadableStream<Uint8Array>): Promise<string[]> {
  const reader = createChunkReader(body)
  const texts: string[] = []
  for (
    let chunk = await reader.next();
    chunk !== undefined;
    chunk = reader.take() ?? (await reader.next())
  ) {
    texts.push(chunk.choices[0]?.delta.content ?? '')
  }
  return texts
}

function written(content: string): string {
  return JSON.stringify({ choices: [{ index: 0, delta: { content } }] })
}

const [FIRST, SECOND] = [written('eins 日本'), written('zwei 🦊')]

test.each([
  ['as OpenAI does', `data: ${FIRST}\n\ndata: ${SECOND}\n\ndata: [DONE]\n\n`],
  ['with carriage returns', `data: ${FIRST}\r\n\r\ndata: ${SECOND}\r\n\r\ndata: [DONE]\r\n\r\n`],
  ['with nothing but carriage returns', `data: ${FIRST}\r\rdata: ${SECOND}\r\rdata: [DONE]\r\r`],
  [
    'with comments, ids and empty lines',
    `\uFEFF: hi\n\n\nid: 1\ndata:${FIRST}\n\n: ping\n\ndata: ${SECOND}\n\n`
  ],
  ['in several lines of data', `data: {"choices":\ndata:${FIRST.slice(11)}\n\ndata: ${SECOND}\n\n`],
  ['without an empty line at the end', `data: ${FIRST}\n\ndata: ${SECOND}`],
  [
    'with more behind the mark of the end',
    `data: ${FIRST}\n\ndata: ${SECOND}\n\ndata: [DONE]\n\ndata: {\n\n`
  ]
])('a stream written %s is read in pieces of any size', async (_, text) => {
  for (const size of [1, 2, 3, 7, 50, WHOLE]) {
    // oxlint-disable-next-line no-await-in-loop -- one size after the other
    expect(await read(streamOf(text, size))).toEqual(['eins 日本', 'zwei 🦊'])
  }
})

test('the stream is let go at the mark of its end', async () => {
  let cancelled = false
  const body = new ReadableStream<Uint8Array>({
    start: (sink) => sink.enqueue(new TextEncoder().encode(`data: ${FIRST}\n\ndata: [DONE]\n\n`)),
    cancel: () => {
      cancelled = true
    }
  })
  expect(await read(body)).toEqual(['eins 日本'])
  expect(cancelled).toBe(true)
})

test('what a server says in place of a chunk ends the stream, with its word for it', async () => {
  const text = `data: ${FIRST}\n\ndata: {"error":{"code":"overloaded","message":"a prompt"}}\n\n`
  const failure = await read(streamOf(text)).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(StreamedFailure)
  expect(failure).toMatchObject({ code: 'overloaded' })
  expect(String(failure)).not.toContain('a prompt')
})

test.each(['{"choices":', 'null', '3'])('%s is no chunk', async (data) => {
  await expect(read(streamOf(`data: ${data}\n\n`))).rejects.toThrow(SyntaxError)
})

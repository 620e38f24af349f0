/** Reads the chunks of an answer off its event stream, without a turn of the event loop's queue for each of them. */
import type { ChatCompletionChunk } from 'openai/resources/chat/completions'

export interface ChunkReader {
  /**
   * The next chunk of those that are here; `undefined` when there are none.
   *
   * @throws SyntaxError for what is no JSON, {@link StreamedFailure} for what the server says went wrong
   */
  take(): ChatCompletionChunk | undefined
  /** The next chunk, when it has come; `undefined` when there will be none. */
  next(): Promise<ChatCompletionChunk | undefined>
}

/** What a server says in place of a chunk, after it has begun to answer. */
export class StreamedFailure extends Error {
  readonly code: unknown

  constructor(code: unknown) {
    super('the server failed while it answered')
    this.code = code
  }
}

/** As OpenAI ends a stream; servers that leave it out end the message. */
const END = '[DONE]'

/**
 * The openai package reads streams with five generators around each other, which is about a third of
 * the CPU of a call of 20 tokens (profiled): here a chunk costs its `JSON.parse`, and no generator.
 */
export function createChunkReader(body: ReadableStream<Uint8Array>): ChunkReader {
  const reader = body.getReader()
  const events = createEventText()
  let ended = false

  function take(): ChatCompletionChunk | undefined {
    while (!ended) {
      const data = events.next()
      if (data === undefined) return undefined
      if (data !== END) return parseChunk(data)
      ended = true
      reader.cancel().catch(() => undefined)
    }
    return undefined
  }

  return {
    take,
    async next() {
      for (;;) {
        const chunk = take()
        if (chunk !== undefined || ended) return chunk
        // oxlint-disable-next-line no-await-in-loop -- one after the other is what a stream is
        const { done, value } = await reader.read()
        if (!done) {
          events.add(value)
          continue
        }
        events.end()
        const last = take()
        ended = true
        return last
      }
    }
  }
}

function parseChunk(data: string): ChatCompletionChunk {
  const chunk: (ChatCompletionChunk & { readonly error?: unknown }) | null = JSON.parse(data)
  if (typeof chunk !== 'object' || chunk === null) throw new SyntaxError('a chunk is no object')
  const { error } = chunk
  if (!error) return chunk
  throw new StreamedFailure(typeof error === 'object' && 'code' in error ? error.code : undefined)
}

interface EventText {
  add(bytes: Uint8Array): void
  /** There will be no more: what is there is complete. */
  end(): void
  /** The data of the next event that is complete. */
  next(): string | undefined
}

/** An event stream (HTML, 9.2) of which the data matters alone. */
function createEventText(): EventText {
  const decoder = new TextDecoder()
  /** Whole lines, read up to `at`. */
  let lines = ''
  let at = 0
  /** Pieces of the line that has begun: joined once, so that a long one costs no more than its length. */
  let begun: string[] = []
  let data: string | undefined
  let afterReturn = false

  /** Only line feeds, whatever ended the lines. */
  function unified(text: string): string {
    const rest = afterReturn && text.startsWith('\n') ? text.slice(1) : text
    if (text !== '') afterReturn = text.endsWith('\r')
    return rest.includes('\r') ? rest.replaceAll(/\r\n?/g, '\n') : rest
  }

  function readLine(line: string): void {
    if (!line.startsWith('data:')) return
    const value = line.slice(line[5] === ' ' ? 6 : 5)
    data = data === undefined ? value : `${data}\n${value}`
  }

  function addText(text: string): void {
    const end = text.lastIndexOf('\n') + 1
    if (end === 0) {
      begun.push(text)
      return
    }
    lines = lines.slice(at) + begun.join('') + text.slice(0, end)
    at = 0
    begun = end === text.length ? [] : [text.slice(end)]
  }

  return {
    add: (bytes) => addText(unified(decoder.decode(bytes, { stream: true }))),
    // Some servers leave out the empty line behind the last event.
    end: () => addText(`${unified(decoder.decode())}\n\n`),
    next() {
      while (at < lines.length) {
        const end = lines.indexOf('\n', at)
        const line = lines.slice(at, end)
        at = end + 1
        if (line !== '') readLine(line)
        else if (data !== undefined) {
          const complete = data
          data = undefined
          return complete
        }
      }
      return undefined
    }
  }
}

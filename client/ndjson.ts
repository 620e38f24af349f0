/** Reads the control API's streams: one JSON object a line. */
import { LumosError } from '../core/errors.ts'
import { CONTROL_BYTES } from '../core/control-bytes.ts'

/**
 * A line above the limit, or one that is no JSON, ends the stream with an error.
 *
 * @yields the value of each line
 */
export async function* readLines(body: AsyncIterable<Uint8Array>): AsyncGenerator {
  const decoder = new TextDecoder()
  // The line that has not ended yet, in pieces: joining them once keeps long lines linear.
  let begun: string[] = []
  let length = 0
  for await (const chunk of body) {
    const lines = decoder.decode(chunk, { stream: true }).split('\n')
    const rest = lines.pop() ?? ''
    for (const line of lines) {
      yield* parseLine(begun.join('') + line)
      begun = []
      length = 0
    }
    begun.push(rest)
    length += rest.length
    if (length > CONTROL_BYTES) throw tooLarge(length)
  }
  yield* parseLine(begun.join(''))
}

/** Reads one whole document. */
export async function readDocument(body: AsyncIterable<Uint8Array>): Promise<unknown> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > CONTROL_BYTES) throw tooLarge(text.length)
  }
  return text === '' ? undefined : parseJson(text)
}

/** @yields the value of a line, or nothing for an empty one */
function* parseLine(line: string): Generator {
  if (line.trim() !== '') yield parseJson(line)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    // Only a daemon that died in the middle of a line, or something else behind the address.
    throw new LumosError('DAEMON_STOPPED', { cause })
  }
}

function tooLarge(bytes: number): LumosError {
  return new LumosError('PAYLOAD_TOO_LARGE', {
    details: { bytes, limit: CONTROL_BYTES }
  })
}

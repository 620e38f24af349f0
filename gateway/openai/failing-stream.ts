/** A stream that has begun cannot turn into an error any more: it tells it, as OpenAI's do, and ends. */
import { asFailure } from '../control/failure.ts'
import type { ServerEvent } from '../http/server-events.ts'
import { openAiFailureOf } from './errors.ts'
import type { OpenAiError } from './errors.ts'

const plain = (error: OpenAiError): ServerEvent => ({ data: JSON.stringify({ error }) })

/**
 * What fails before the first event is thrown.
 *
 * @param tell puts an error into the words of the stream
 */
export async function* failing(
  events: AsyncIterable<ServerEvent>,
  tell: (error: OpenAiError) => ServerEvent = plain
): AsyncGenerator<ServerEvent> {
  let begun = false
  try {
    for await (const event of events) {
      begun = true
      yield event
    }
  } catch (error) {
    if (!begun) throw error
    yield tell(openAiFailureOf(asFailure(error, 0)).body.error)
  }
}

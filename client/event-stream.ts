/** Reads server-sent events (WHATWG HTML, section 9.2), as far as the control API uses them. */
import { CONTROL_BYTES } from '../core/control-bytes.ts'
import { LumosError } from '../core/errors.ts'

/** `data` is empty for a comment, which only says that the other end is there. */
export interface ServerEvent {
  readonly event: string
  readonly id: string
  readonly data: string
}

/** @throws PAYLOAD_TOO_LARGE for an event above the limit of one document */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true })
    const blocks = rest.split('\n\n')
    rest = blocks.pop() ?? ''
    if (rest.length > CONTROL_BYTES) {
      throw new LumosError('PAYLOAD_TOO_LARGE', {
        details: { bytes: rest.length, limit: CONTROL_BYTES }
      })
    }
    for (const block of blocks) yield eventIn(block)
  }
}

function eventIn(block: string): ServerEvent {
  const fields = { event: 'message', id: '', data: [] as string[] }
  for (const line of block.split('\n')) {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? []
    if (name === 'data') fields.data.push(value)
    else if (name === 'event' || name === 'id') fields[name] = value
  }
  return { ...fields, data: fields.data.join('\n') }
}

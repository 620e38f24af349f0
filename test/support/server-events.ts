/** Reads server-sent events as a browser does, as far as our doors send them. */

export interface ReceivedEvent {
  readonly id: string
  readonly data: string
}

/** Until the stream ends, or the reader has enough. */
export async function* readEvents({ body }: Response): AsyncIterable<ReceivedEvent> {
  if (body === null) return
  let rest = ''
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + text).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const id = /^id: (.*)$/m.exec(block)?.[1] ?? ''
      const data = /^data: (.*)$/m.exec(block)?.[1]
      if (data !== undefined) yield { id, data }
    }
  }
}

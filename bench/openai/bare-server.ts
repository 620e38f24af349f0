/** The least that can answer a chat completion: parses it, and says its last words back. Prints its URL. */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'

function lastWords(asked: unknown): string {
  const messages: unknown = Reflect.get(Object(asked), 'messages')
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined
  return String(Reflect.get(Object(last), 'content'))
}

async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const message = { role: 'assistant', content: lastWords(await json(incoming)) }
  const choices = [{ index: 0, message, finish_reason: 'stop' }]
  const frame = { id: 'x', object: 'chat.completion', created: 0, model: 'local-echo' }
  const body = JSON.stringify({ ...frame, choices })
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body)
  })
  response.end(body)
}

const server = createServer((incoming, response) => void answer(incoming, response))
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object') console.log(`http://127.0.0.1:${address?.port}`)
})

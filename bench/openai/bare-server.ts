/** The least that can answer a chat completion: parses it, and says its last words back. Prints its URL. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

interface Asked {
  readonly model: string
  readonly messages: readonly { readonly content: string }[]
}

const server = createServer(async (incoming, response) => {
  const { model, messages } = (await json(incoming)) as Asked
  const message = { role: 'assistant', content: messages.at(-1)?.content ?? '' }
  const choices = [{ index: 0, message, finish_reason: 'stop' }]
  const body = JSON.stringify({ id: 'x', object: 'chat.completion', created: 0, model, choices })
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body)
  })
  response.end(body)
})
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})

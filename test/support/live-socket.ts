/** A WebSocket to `/v1/live` in the hands of a test: raw messages, in the order in which they come. */
import { WebSocket } from 'ws'

export interface LiveSocket {
  readonly socket: WebSocket
  readonly say: (message: object) => void
  /** The next message. Rejects when the connection ends before it. */
  readonly hear: () => Promise<Record<string, unknown>>
  /** The next that answers the call `id`. */
  readonly hearOf: (id: string) => Promise<Record<string, unknown>>
  /** How it ended. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

export interface LiveSocketInit {
  readonly protocols?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

/** Rejects with the status and body of a refusal. */
export async function openLiveSocket(
  url: string,
  { protocols = ['lumos.v1'], headers = {} }: LiveSocketInit = {}
): Promise<LiveSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live`, [...protocols], { headers })
  const heard: Record<string, unknown>[] = []
  const waiting: (() => void)[] = []
  let over = false
  const wake = (): void => {
    for (const one of waiting.splice(0)) one()
  }
  socket.on('message', (data: Buffer) => {
    heard.push(JSON.parse(data.toString()))
    wake()
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      over = true
      wake()
      resolve({ code, reason: reason.toString() })
    })
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve())
    socket.on('error', reject)
    socket.once('unexpected-response', (_, response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += String(chunk)
      })
      response.on('end', () => reject(new Error(`${response.statusCode} ${body}`)))
    })
  })
  async function take(isWanted: (message: Record<string, unknown>) => boolean) {
    for (;;) {
      const index = heard.findIndex(isWanted)
      if (index >= 0) {
        const [found] = heard.splice(index, 1)
        if (found !== undefined) return found
      }
      if (over) throw new Error('the connection has ended')
      // oxlint-disable-next-line no-await-in-loop -- one message after the other
      await new Promise<void>((resolve) => void waiting.push(resolve))
    }
  }
  return {
    socket,
    say: (message) => socket.send(JSON.stringify(message)),
    hear: () => take(() => true),
    hearOf: (id) => take((message) => message['id'] === id),
    closed
  }
}

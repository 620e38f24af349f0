/** Bytes to a server over HTTP as no client sends them, and what comes back. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'

export interface RawHttp {
  /** All that comes back until the server has closed, or has answered as often as was asked for. */
  say(bytes: string | Uint8Array, answers?: number): Promise<string>
  open(): Socket
}

export function createRawHttp(url: string): RawHttp {
  const { hostname, port } = new URL(url)
  const open = (): Socket => connect(Number(port), hostname)
  return {
    open,
    say(bytes, answers = 1) {
      return new Promise((resolve) => {
        let heard = ''
        const socket = open()
        socket.setEncoding('latin1').on('data', (text: string) => {
          heard += text
          if (answersIn(heard) >= answers) socket.destroy()
        })
        socket.on('error', () => undefined)
        socket.on('close', () => resolve(heard))
        socket.write(bytes)
      })
    }
  }
}

export interface RawAnswer {
  readonly status: number
  readonly headers: string
  readonly body: string
}

/** Of the first answer. */
export function answerIn(heard: string): RawAnswer {
  const [headers = '', ...rest] = heard.split('\r\n\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(headers)?.[1] ?? 0)
  return { status, headers, body: rest.join('\r\n\r\n') }
}

/** Whole answers, by the length that each one tells, or its last chunk. */
function answersIn(heard: string): number {
  let count = 0
  let rest = heard
  for (;;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return count
    const head = rest.slice(0, end)
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN)
    const last = /transfer-encoding: chunked/i.test(head) ? rest.indexOf('0\r\n\r\n', end + 4) : -1
    const size = last < 0 ? end + 4 + length : last + 5
    if (Number.isNaN(size) || rest.length < size) return count
    count += 1
    rest = rest.slice(size)
  }
}

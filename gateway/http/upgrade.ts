/** One request to speak another protocol than HTTP from then on, as the doors see it. */
import { STATUS_CODES } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../core/clock.ts'
import type { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { httpStatusOf, restErrorOf } from './errors.ts'

export interface Upgrade {
  /** Without the query. */
  readonly path: string
  readonly incoming: IncomingMessage
  readonly socket: Duplex
  /** What came behind the request already. */
  readonly head: Buffer
  /** Aborts when the node stops. */
  readonly signal: AbortSignal
}

/** Something that takes over connections under its path. False for a path that is not its own. */
export type UpgradeDoor = (upgrade: Upgrade) => boolean

/** Answers as a request would be, and closes, whether the other end does or not. */
export function refuseUpgrade(
  socket: Duplex,
  error: LumosError,
  clock: Pick<Clock, 'after'>
): void {
  const status = httpStatusOf(error)
  const body = JSON.stringify(restErrorOf(error))
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(status === 401 ? ['WWW-Authenticate: Bearer'] : []),
    '',
    body
  ]
  endWith(socket, lines.join('\r\n'), clock)
}

/** Says that last and closes, whether the other end takes it or not: no timeout of the server applies any more. */
export function endWith(socket: Duplex, text: string, clock: Pick<Clock, 'after'>): void {
  const close = (): void => void socket.destroy()
  socket.on('error', close)
  if (socket.destroyed) return
  // Half open it would stay for as long as its client likes.
  socket.once('finish', close)
  socket.once('close', clock.after(LIMITS.gatewayDrain.value, close))
  socket.end(text)
}

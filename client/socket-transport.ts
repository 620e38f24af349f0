/** Reaches the daemon of this user over its Unix socket; the only file here that needs Node. */
import { request, type IncomingMessage } from 'node:http'
import { LumosError } from '../core/errors.ts'
import type { Transport, TransportRequest } from './transport.ts'

export interface SocketTarget {
  /** Path of the Unix socket. */
  readonly socket: string
  /** Named in errors. */
  readonly profile?: string
  /** W3C Trace Context: what the calls are part of. */
  readonly traceparent?: string | undefined
}

/** Connecting failed like this: there is no daemon behind the socket. */
const NOBODY: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ENOTDIR'])

export function createSocketTransport(target: SocketTarget): Transport {
  return async (sent) => {
    const response = await send(target, sent)
    return { status: response.statusCode ?? 0, body: chunks(response, sent.signal) }
  }
}

function send(target: SocketTarget, sent: TransportRequest) {
  const { method, path, body, signal } = sent
  return new Promise<IncomingMessage>((resolve, reject) => {
    const headers: Record<string, string | number> = { host: 'localhost' }
    if (target.traceparent !== undefined) headers['traceparent'] = target.traceparent
    if (body !== undefined) {
      headers['content-type'] = 'application/json'
      headers['content-length'] = Buffer.byteLength(body)
    }
    const outgoing = request({
      socketPath: target.socket,
      method,
      path,
      headers,
      agent: false,
      ...(signal && { signal })
    })
    outgoing.once('response', resolve)
    outgoing.on('error', (cause) => reject(socketFailure(cause, target, signal)))
    outgoing.end(body)
  })
}

/** Why the daemon could not be asked, in words for its user; the reason of an aborted signal. */
export function socketFailure(
  cause: NodeJS.ErrnoException,
  { socket, profile = 'default' }: SocketTarget,
  signal?: AbortSignal
): Error {
  if (signal?.aborted) return asError(signal.reason)
  if (NOBODY.has(cause.code ?? '')) {
    return new LumosError('DAEMON_DOWN', { cause, details: { profile, socket } })
  }
  if (cause.code === 'EACCES' || cause.code === 'EPERM') {
    const details = { path: socket, reason: 'permission denied' }
    return new LumosError('HOME_UNUSABLE', { cause, details })
  }
  return new LumosError('DAEMON_STOPPED', { cause })
}

async function* chunks(
  response: IncomingMessage,
  signal?: AbortSignal
): AsyncGenerator<Uint8Array> {
  try {
    yield* response
  } catch (cause) {
    signal?.throwIfAborted()
    throw new LumosError('DAEMON_STOPPED', { cause })
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason })
}

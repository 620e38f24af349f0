/** Puts a wire guard in front of a libp2p stream without wrapping it, so that it costs nothing once done. */
import type { MessageStream, Stream, StreamMessageEvent } from '@libp2p/interface'
import { WireGuard } from './wire-guard.ts'
import type { Agreement, ChunkedBytes } from './wire-guard.ts'

/** What every stream class of js-libp2p has (AbstractMessageStream): the way by which bytes come in. */
interface Ingress {
  onData(data: ChunkedBytes): void
}

/**
 * Watches what `stream` receives until the guard has seen enough; `refuse` gets the violation.
 *
 * Bytes that arrived before are checked too: they wait in the stream's buffer, and the only public
 * way to them is to take them out and put them back.
 */
export async function guardStream(
  stream: MessageStream,
  guard: WireGuard,
  refuse: (violation: unknown) => void
): Promise<void> {
  interceptIngress(stream, guard, refuse)
  if (stream.readBufferLength === 0) return
  const early = await firstMessage(stream)
  try {
    guard.feed(early)
  } catch (violation) {
    refuse(violation)
    return
  }
  if (stream.status === 'open') stream.unshift(early)
}

/**
 * Watches a muxed stream from its first byte. The negotiation of a stream that we opened ends with
 * the peer's echo of our last proposal, so what we send is read as well.
 */
export function guardMuxedStream(
  stream: Stream,
  agreement: Agreement,
  refuse: (violation: unknown) => void
): void {
  if (stream.direction === 'inbound') {
    interceptIngress(stream, new WireGuard(agreement), refuse)
    return
  }
  let proposal: string | undefined
  const proposals = new WireGuard((line) => {
    proposal = line
    return undefined
  })
  const send = stream.send.bind(stream)
  stream.send = (data) => {
    proposals.feed(data)
    return send(data)
  }
  const replies = new WireGuard((line) => {
    if (line !== proposal) return undefined
    Reflect.deleteProperty(stream, 'send')
    return agreement(line, true)
  })
  interceptIngress(stream, replies, refuse)
}

function interceptIngress(
  stream: MessageStream,
  guard: WireGuard,
  refuse: (violation: unknown) => void
): void {
  // Fail closed: an unguarded stream is worse than a refused one.
  if (!hasIngress(stream)) throw new TypeError('the guards do not fit this version of libp2p')
  // The class's own method takes over again, or whoever stood there before.
  const before = Object.getOwnPropertyDescriptor(stream, 'onData')
  const receive = stream.onData.bind(stream)
  stream.onData = (data) => {
    try {
      guard.feed(data)
    } catch (violation) {
      refuse(violation)
      return
    }
    if (!guard.watching) restore(stream, before)
    receive(data)
  }
}

function restore(stream: Ingress, before: PropertyDescriptor | undefined): void {
  if (before === undefined) Reflect.deleteProperty(stream, 'onData')
  else Object.defineProperty(stream, 'onData', before)
}

function hasIngress(stream: MessageStream): stream is MessageStream & Ingress {
  return 'onData' in stream && typeof stream.onData === 'function'
}

function firstMessage(stream: MessageStream): Promise<StreamMessageEvent['data']> {
  const { promise, resolve } = Promise.withResolvers<StreamMessageEvent['data']>()
  const listener = (event: StreamMessageEvent): void => {
    stream.removeEventListener('message', listener)
    resolve(event.data)
  }
  stream.addEventListener('message', listener)
  return promise
}

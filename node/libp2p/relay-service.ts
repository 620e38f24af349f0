/**
 * The relay that a node is for members who cannot reach each other: libp2p's, without its limits on time and bytes, which
 * would break every session after two minutes, and with a bound on what it holds for whoever reads slowly.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { LIMITS } from '../../core/limits.ts'

interface RelayedEvent {
  /** Of a message. */
  readonly data?: { readonly byteLength: number }
}

/** What holding back needs of a stream of libp2p. */
export interface RelayedStream {
  readonly readStatus: string
  readonly writeBufferLength: number
  send(data: { readonly byteLength: number }): boolean
  pause(): void
  resume(): void
  addEventListener(type: 'message' | 'drain', listener: (event: RelayedEvent) => void): void
}

type CreateRelay = ReturnType<typeof circuitRelayServer>
/** Methods of libp2p's relay that its interface leaves out. */
interface RelayMethods {
  onHop(stream: RelayedStream, ...rest: unknown[]): Promise<void>
  stopHop(...args: unknown[]): Promise<RelayedStream | undefined>
}

export function relayService(): CreateRelay {
  const perPeer = LIMITS.relayedPerPeer.value
  const create = circuitRelayServer({
    maxInboundHopStreams: perPeer,
    maxOutboundStopStreams: perPeer,
    reservations: {
      maxReservations: LIMITS.relayReservations.value,
      reservationTtl: LIMITS.relayPlaceAge.value,
      applyDefaultLimit: false
    }
  })
  return (components) => {
    const service = create(components)
    if (!isRelay(service)) throw new TypeError('this relay cannot be made to hold back')
    watchPairs(service)
    return service
  }
}

/** libp2p joins the two streams through queues without bound, and shows the pair to nobody. */
function watchPairs(service: RelayMethods): void {
  const caller = new AsyncLocalStorage<RelayedStream>()
  const onHop = service.onHop.bind(service)
  const stopHop = service.stopHop.bind(service)
  service.onHop = (stream, ...rest) => caller.run(stream, () => onHop(stream, ...rest))
  service.stopHop = async (...args) => {
    const callee = await stopHop(...args)
    const stream = caller.getStore()
    if (callee !== undefined && stream !== undefined) {
      holdBack(stream, callee)
      holdBack(callee, stream)
    }
    return callee
  }
}

/** Stops reading `from` while more than LIMITS.relayBuffer of it waits to be written to `to`. */
export function holdBack(from: RelayedStream, to: RelayedStream): void {
  const most = LIMITS.relayBuffer.value
  let queued = 0
  const isFull = (): boolean => queued + to.writeBufferLength > most

  // In a microtask: libp2p opens its window again after a handler that paused.
  const weigh = (): void => {
    queueMicrotask(() => {
      if (isFull() && from.readStatus === 'readable') from.pause()
      else if (!isFull() && from.readStatus === 'paused') from.resume()
    })
  }
  const send = to.send.bind(to)
  to.send = (data) => {
    // The answer that opens the way comes from the relay itself.
    queued = Math.max(0, queued - data.byteLength)
    const goesOn = send(data)
    weigh()
    return goesOn
  }
  onceListenedTo(from, () => {
    from.addEventListener('message', ({ data }) => {
      queued += data?.byteLength ?? 0
      weigh()
    })
  })
  to.addEventListener('drain', weigh)
}

/** What has arrived already is given to the first listener for messages, who must be libp2p. */
function onceListenedTo(stream: RelayedStream, then: () => void): void {
  const add = stream.addEventListener.bind(stream)
  const watch = (...args: Parameters<typeof add>): void => {
    add(...args)
    if (args[0] !== 'message') return
    Reflect.deleteProperty(stream, 'addEventListener')
    then()
  }
  Reflect.set(stream, 'addEventListener', watch)
}

function isRelay(service: unknown): service is RelayMethods {
  return (
    typeof service === 'object' &&
    service !== null &&
    ['onHop', 'stopHop'].every((name) => typeof Reflect.get(service, name) === 'function')
  )
}

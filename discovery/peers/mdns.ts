/** Finds nodes on the local network by multicast DNS, and tells those of other swarms apart. */
import { EventEmitter } from 'node:events'
import { mdns } from '@libp2p/mdns'
import type { ComponentLogger, PeerDiscovery } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '../../core/clock.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { Random } from '../../core/random.ts'
import { isLoopback } from './hint.ts'
import type { HintEvents, HintSource } from './hint.ts'
import { parseResponse, SERVICE_TAG } from './mdns-packet.ts'
import type { MdnsPacket } from './mdns-packet.ts'

/**
 * Every node answers every question, so traffic grows with the square of the nodes. A newcomer asks
 * at once and dials whoever answers; the rest need not ask as often as the library's ten seconds.
 */
const QUERY_INTERVAL_MS = 30_000

export interface MdnsComponents {
  readonly clock: Clock
  readonly random: Random
  /** libp2p's logger; the library asks for it. */
  readonly libp2pLogger: ComponentLogger
  /** Multiaddrs with the peer id, where this node listens now. */
  readonly addresses: () => readonly string[]
}

export interface MdnsInit {
  readonly self: PeerIdText
  /** 16 hex digits; a part of the announced name, so that swarms are told apart before any dial. */
  readonly swarm: string
}

export interface MdnsCheck {
  /** Whether a question of this node came back to it: then multicast works here. */
  readonly heard: boolean
  /** What the system says against it. */
  readonly reason?: string
  readonly tookMs: number
}

export interface Mdns extends HintSource {
  /** Asks, and listens for its own question. Never rejects. */
  check(signal: AbortSignal): Promise<MdnsCheck>
}

export function createMdns(components: MdnsComponents, init: MdnsInit): Mdns {
  const events = new EventEmitter<HintEvents>()
  let service: Responder | undefined

  function onResponse(packet: MdnsPacket): void {
    const found = parseResponse(packet)
    if (found === undefined || found.peer === init.self) return
    const { peer, swarm, addresses } = found
    if (swarm === init.swarm) events.emit('found', { peer, addresses, foundBy: 'mdns' })
    else events.emit('foreign', { peer, swarm, foundBy: 'mdns' })
  }

  return {
    events,
    async start() {
      if (service !== undefined) return
      service = createResponder(components, init.swarm)
      await service.start()
      // The library's own event drops the announced name, and with it the swarm.
      service.mdns?.on('response', onResponse)
    },
    async stop() {
      service?.mdns?.removeListener('response', onResponse)
      await service?.stop()
      service = undefined
    },
    check: (signal) => check(components, service?.mdns, signal)
  }
}

/** Long enough for a packet that goes no further than this host, also on a busy one. */
const ECHO_MS = 2000

/** The first question is the usual one, so that others answer; the second one nobody else asks. */
async function check(
  { clock, random }: MdnsComponents,
  emitter: Emitter | undefined,
  signal: AbortSignal
): Promise<MdnsCheck> {
  const begun = clock.monotonic()
  if (emitter === undefined) return { heard: false, reason: 'it does not run', tookMs: 0 }
  const mark = `${Buffer.from(random.bytes(8)).toString('hex')}.${SERVICE_TAG}`
  const heard = Promise.withResolvers<string | true>()
  const onQuery = ({ questions = [] }: MdnsPacket): void => {
    if (questions.some(({ name }) => name === mark)) heard.resolve(true)
  }
  const onLate = (): void => heard.resolve('')
  const cancel = clock.after(ECHO_MS, onLate)
  emitter.on('query', onQuery)
  signal.addEventListener('abort', onLate)
  const questions = [SERVICE_TAG, mark].map((name) => ({ name, type: 'PTR' }))
  emitter.query({ questions }, (error) => {
    if (error) heard.resolve(error.message)
  })
  const result = await heard.promise
  emitter.removeListener('query', onQuery)
  cancel()
  signal.removeEventListener('abort', onLate)
  return {
    heard: result === true,
    ...(typeof result === 'string' && result !== '' && { reason: result }),
    tookMs: clock.monotonic() - begun
  }
}

interface Emitter {
  on(event: 'query' | 'response', listener: (packet: MdnsPacket) => void): void
  removeListener(event: 'query' | 'response', listener: (packet: MdnsPacket) => void): void
  query(
    packet: { readonly questions: readonly { readonly name: string; readonly type: string }[] },
    sent: (error?: Error | null) => void
  ): void
}

interface Responder {
  /** Present between start and stop; a public member of the library's class. */
  readonly mdns?: Emitter
  start(): Promise<void>
  stop(): Promise<void>
}

function createResponder(
  { random, libp2pLogger, addresses }: MdnsComponents,
  swarm: string
): Responder {
  const factory = mdns({
    serviceTag: SERVICE_TAG,
    interval: QUERY_INTERVAL_MS,
    peerName: `${swarm}-${Buffer.from(random.bytes(8)).toString('hex')}`
  })
  const components = {
    logger: libp2pLogger,
    // Others would find themselves behind our loopback addresses.
    addressManager: { getAddresses: () => announced(addresses()) }
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of the address manager it calls getAddresses alone
  const service = factory(components as unknown as Parameters<typeof factory>[0])
  if (!isResponder(service)) throw new TypeError('this version of @libp2p/mdns hides its responder')
  return service
}

function isResponder(service: PeerDiscovery): service is PeerDiscovery & Responder {
  return 'mdns' in service && 'start' in service && 'stop' in service
}

function announced(addresses: readonly string[]): Multiaddr[] {
  return addresses.filter((address) => !isLoopback(address)).map((address) => multiaddr(address))
}

/** Counts the bytes of each connection as they go over the wire, by peer. */
import type { MessageStream } from '@libp2p/interface'
import type { PeerIdText } from '../../core/ids.ts'

export interface Bytes {
  /** Received. */
  readonly in: number
  /** Sent, or handed to the system to be sent. */
  readonly out: number
}

export interface Traffic {
  /** Counts a connection of a transport from now on, until it closes. */
  watch(connection: MessageStream): void
  /** `link` carries what goes over `connection`, in another form. */
  wrapped(connection: MessageStream, link: MessageStream): void
  /** Who is at the other end of a link. */
  belongs(link: MessageStream, peer: PeerIdText): void
  /** Since the start, without what is inside of relayed connections: the connection with the relay has it. */
  total(): Bytes
  /** Over the connections with the peer that are open. */
  ofPeer(peer: PeerIdText): Bytes
}

/** Node counts both for each socket anyway. */
interface CountingSocket {
  readonly bytesRead: number
  readonly bytesWritten: number
}

interface Line {
  readonly relayed: boolean
  bytes(): Bytes
}

const NOTHING: Bytes = { in: 0, out: 0 }

export function createTraffic(): Traffic {
  return new ConnectionTraffic()
}

class ConnectionTraffic implements Traffic {
  readonly #lines = new Set<Line>()
  readonly #byLink = new WeakMap<MessageStream, Line>()
  readonly #byPeer = new Map<PeerIdText, Set<Line>>()
  /** Of connections that are closed. */
  #past = NOTHING

  watch(connection: MessageStream): void {
    const line = lineOf(connection)
    this.#lines.add(line)
    this.#byLink.set(connection, line)
    connection.addEventListener('close', () => this.#close(line), { once: true })
  }

  wrapped(connection: MessageStream, link: MessageStream): void {
    const line = this.#byLink.get(connection)
    if (line !== undefined) this.#byLink.set(link, line)
  }

  belongs(link: MessageStream, peer: PeerIdText): void {
    const line = this.#byLink.get(link)
    if (line === undefined || !this.#lines.has(line)) return
    const lines = this.#byPeer.get(peer) ?? new Set()
    this.#byPeer.set(peer, lines.add(line))
  }

  total(): Bytes {
    return sum([this.#past, ...[...this.#lines].filter(isOnWire).map((line) => line.bytes())])
  }

  ofPeer(peer: PeerIdText): Bytes {
    return sum(Array.from(this.#byPeer.get(peer) ?? [], (line) => line.bytes()))
  }

  #close(line: Line): void {
    if (!this.#lines.delete(line)) return
    if (isOnWire(line)) this.#past = sum([this.#past, line.bytes()])
    for (const [peer, lines] of this.#byPeer) {
      if (lines.delete(line) && lines.size === 0) this.#byPeer.delete(peer)
    }
  }
}

function isOnWire({ relayed }: Line): boolean {
  return !relayed
}

function sum(parts: readonly Bytes[]): Bytes {
  const add = (all: Bytes, { in: read, out }: Bytes) => ({ in: all.in + read, out: all.out + out })
  return parts.reduce(add, NOTHING)
}

function lineOf(connection: MessageStream): Line {
  const relayed =
    'remoteAddr' in connection && String(connection.remoteAddr).includes('p2p-circuit')
  const socket = socketOf(connection)
  if (socket === undefined) return { relayed, bytes: countedHere(connection) }
  return { relayed, bytes: () => ({ in: socket.bytesRead, out: socket.bytesWritten }) }
}

function socketOf(connection: object): CountingSocket | undefined {
  const socket: unknown = 'socket' in connection ? connection.socket : undefined
  if (typeof socket !== 'object' || socket === null) return undefined
  return isCounting(socket) ? socket : undefined
}

function isCounting(socket: object): socket is CountingSocket {
  return 'bytesRead' in socket && typeof socket.bytesRead === 'number' && 'bytesWritten' in socket
}

interface Ports {
  onData(data: { readonly byteLength: number }): void
  sendData(data: { readonly byteLength: number }): { readonly sentBytes: number }
}

/** WebSockets, relays, and memory: what every stream class of js-libp2p does its work with. */
function countedHere(connection: MessageStream): () => Bytes {
  const bytes = { in: 0, out: 0 }
  if (!hasPorts(connection)) return () => bytes
  const receive = connection.onData.bind(connection)
  const send = connection.sendData.bind(connection)
  connection.onData = (data) => {
    bytes.in += data.byteLength
    receive(data)
  }
  connection.sendData = (data) => {
    const sent = send(data)
    bytes.out += sent.sentBytes
    return sent
  }
  return () => bytes
}

function hasPorts(connection: MessageStream): connection is MessageStream & Ports {
  return 'onData' in connection && 'sendData' in connection
}

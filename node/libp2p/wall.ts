/**
 * The swarm's outer wall: libp2p's private network (PSK v1), but with several keys.
 *
 * Who answers has not spoken yet when the first bytes come, and takes whichever of its keys makes
 * sense of them: so a node that was away while the key changed still finds its way in, to be told
 * the new one if it is still a member, and who holds an invite reaches the door.
 */
// oxlint-disable-next-line typescript/triple-slash-reference -- projects that check the sources of a linked checkout have to find it, and it is no module
/// <reference path="./xsalsa20.d.ts" />
import type { ConnectionProtector, MessageStream, MultiaddrConnection } from '@libp2p/interface'
import { AbstractMultiaddrConnection, byteStream } from '@libp2p/utils'
import xsalsa20 from 'xsalsa20'
import type { Cipher } from 'xsalsa20'
import type { Random } from '../../core/random.ts'
import { RecentMap } from '../../core/recent-map.ts'
import { afterThisTurn } from '../../core/turn.ts'
import type { Defer } from '../../core/turn.ts'
import { FairReading } from './fair-reading.ts'

/** 32 bytes each. */
export interface WallKeys {
  /** The one to dial with, and those before it, newest first. */
  readonly members: readonly Uint8Array[]
  /** Of invites: who comes by one may only ask to be let in. */
  readonly doors: readonly Uint8Array[]
}

export interface Wall extends ConnectionProtector {
  /** Whether what comes over a connection of the transport came by a door. */
  isGuest(connection: object): boolean
  /** How many keys a dial may need. */
  dialKeys(): number
  /** Turned away there: perhaps the other side still has the key before. */
  turnedAway(address: string): void
}

export interface WallComponents {
  readonly random: Random
  /** Asked for each connection. */
  readonly keys: () => WallKeys
  /** Default: after this turn of the event loop. */
  readonly defer?: Defer
}

export const NONCE_BYTES = 24
/** What every connection begins with: multistream-select's header behind its length. */
export const GREETING = Buffer.from('\x13/multistream/1.0.0\n')
/** Addresses with a failure behind them; the oldest are forgotten. */
const MAX_TURNED = 256

export function createWall({ random, keys, defer = afterThisTurn }: WallComponents): Wall {
  const guests = new WeakSet()
  const turned = new RecentMap<string, number>(MAX_TURNED)

  function dialKey(address: string): Uint8Array | undefined {
    const { members } = keys()
    return members[(turned.get(address) ?? 0) % Math.max(1, members.length)]
  }

  return {
    dialKeys: () => keys().members.length,
    isGuest: (connection) => guests.has(connection),
    turnedAway(address) {
      turned.set(address, (turned.get(address) ?? 0) + 1)
    },
    async protect(connection, options) {
      const localNonce = random.bytes(NONCE_BYTES)
      const bytes = byteStream(connection)
      const [answer] = await Promise.all([
        bytes.read({ bytes: NONCE_BYTES, ...options }),
        bytes.write(localNonce, options)
      ])
      const maConn = transportOf(bytes.unwrap())
      const { members, doors } = keys()
      const walled = new WalledConnection(maConn, {
        defer,
        localNonce,
        remoteNonce: answer.subarray(),
        dialKey: dialKey(maConn.remoteAddr.toString()) ?? new Uint8Array(random.bytes(32)),
        keys: maConn.direction === 'outbound' ? [] : [...members, ...doors],
        onKey: (key) => {
          if (doors.includes(key)) guests.add(connection)
        }
      })
      return walled
    }
  }
}

interface WalledInit {
  readonly defer: Defer
  readonly localNonce: Uint8Array
  readonly remoteNonce: Uint8Array
  /** Taken when this side speaks first. */
  readonly dialKey: Uint8Array
  /** Tried on what the other side says first. */
  readonly keys: readonly Uint8Array[]
  readonly onKey: (key: Uint8Array) => void
}

interface Ciphers {
  readonly inbound: Cipher
  readonly outbound: Cipher
}

class WalledConnection extends AbstractMultiaddrConnection {
  readonly #connection: MultiaddrConnection
  readonly #init: WalledInit
  readonly #reading: FairReading
  /** Bytes that came before it was clear which key they need. */
  #early: Uint8Array[] = []
  #ciphers: Ciphers | undefined
  #over = false

  constructor(connection: MultiaddrConnection, init: WalledInit) {
    super({
      log: connection.log.newScope('wall'),
      remoteAddr: connection.remoteAddr,
      direction: connection.direction
    })
    this.#connection = connection
    this.#init = init
    this.#reading = new FairReading({ connection, defer: init.defer })
    connection.addEventListener('message', ({ data }) => {
      this.#reading.received(data.byteLength)
      for (const part of data instanceof Uint8Array ? [data] : data) this.#receive(part)
    })
    connection.addEventListener('drain', () => this.onMuxerDrain())
    connection.addEventListener('close', (event) => {
      this.#forget()
      if (event.error === undefined) this.onTransportClosed()
      else if (event.local === true) this.abort(event.error)
      else this.onRemoteReset()
    })
  }

  async sendClose(options?: Parameters<MultiaddrConnection['close']>[0]): Promise<void> {
    await this.#connection.close(options)
  }

  sendData(data: { readonly byteLength: number; subarray(): Uint8Array }): {
    sentBytes: number
    canSendMore: boolean
  } {
    // Who speaks first decides: the other side finds the key that fits.
    const ciphers = this.#ciphers ?? this.#choose(this.#init.dialKey)
    const sent =
      ciphers === undefined || this.#connection.send(ciphers.outbound.update(data.subarray()))
    return { sentBytes: data.byteLength, canSendMore: sent }
  }

  sendReset(error: Error): void {
    this.#connection.abort(error)
  }

  sendPause(): void {
    this.#reading.pause()
  }

  sendResume(): void {
    this.#reading.resume()
  }

  #receive(part: Uint8Array): void {
    this.#early.push(part)
    if (this.#ciphers === undefined) {
      const early = Buffer.concat(this.#early)
      if (early.length < GREETING.length) return
      const { keys, dialKey, remoteNonce } = this.#init
      // Without a fitting one, the guard above sees nonsense, as from any stranger.
      this.#choose(keys.find((key) => opens(key, remoteNonce, early)) ?? dialKey)
    }
    this.#deliver()
  }

  #deliver(): void {
    const early = this.#early
    this.#early = []
    for (const part of early) {
      const ciphers = this.#ciphers
      // In place: what was read from a socket is nobody else's, and little costs half (200 bytes 1.4 µs, 1.8 otherwise).
      if (ciphers !== undefined) this.onData(ciphers.inbound.update(part, part))
    }
  }

  #choose(key: Uint8Array): Ciphers | undefined {
    if (this.#over) return undefined
    const { localNonce, remoteNonce, onKey } = this.#init
    onKey(key)
    this.#ciphers = { inbound: xsalsa20(remoteNonce, key), outbound: xsalsa20(localNonce, key) }
    // What is there already is for whoever listens by then, not for the one who is just writing.
    queueMicrotask(() => this.#deliver())
    return this.#ciphers
  }

  /** A place in the cipher's memory that is given back twice would be two connections' key. */
  #forget(): void {
    this.#over = true
    this.#ciphers?.inbound.finalize()
    this.#ciphers?.outbound.finalize()
    this.#ciphers = undefined
  }
}

function opens(key: Uint8Array, nonce: Uint8Array, bytes: Uint8Array): boolean {
  const cipher = xsalsa20(nonce, key)
  const opened = cipher.update(bytes.subarray(0, GREETING.length))
  cipher.finalize()
  return GREETING.equals(opened)
}

function transportOf(stream: MessageStream): MultiaddrConnection {
  // The upgrader protects a transport's connection; the interface promises a plain stream only.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- checked as far as the wall uses it
  if ('remoteAddr' in stream) return stream as MultiaddrConnection
  throw new TypeError('the wall does not fit this version of libp2p')
}

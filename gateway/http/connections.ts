/** Who may stay connected to the doors: when all places are taken, whoever does nothing gives way to whoever comes. */

/** Of a socket, raw or within TLS: both have the address and the port of the same peer. */
export interface Remote {
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
}

export interface Socket extends Remote {
  once(event: 'close', listener: () => void): unknown
  destroy(): unknown
}

export interface Connections {
  /** Makes room for it, or ends it when all others are being answered. */
  take(socket: Socket): void
  /** Something is being answered on it; the returned function tells that it has been. */
  begin(remote: Remote): () => void
  /** Somebody who has a right to has come in by it. */
  trust(remote: Remote): void
  readonly size: number
}

export interface ConnectionsInit {
  readonly most: number
  /** Told of each that found no place. */
  readonly onRejected?: () => void
}

/**
 * Strangers are connections by which nobody has come in yet, also those that send their first request letter
 * by letter. Up to this share of all places, others that are idle give way before them: else somebody who
 * holds all other places could end each newcomer before it has spoken.
 */
const STRANGERS_SHARE = 1 / 4

interface Place {
  readonly socket: Socket
  readonly address: string
  answering: number
  isTrusted: boolean
}

export function createConnections(init: ConnectionsInit): Connections {
  return new Places(init)
}

class Places implements Connections {
  readonly #most: number
  readonly #onRejected: (() => void) | undefined
  readonly #places = new Map<string, Place>()
  readonly #strangers = new IdlePlaces()
  readonly #trusted = new IdlePlaces()

  constructor({ most, onRejected }: ConnectionsInit) {
    this.#most = most
    this.#onRejected = onRejected
  }

  get size(): number {
    return this.#places.size
  }

  take(socket: Socket): void {
    if (this.#places.size >= this.#most && !this.#giveWay()) {
      this.#onRejected?.()
      socket.destroy()
      return
    }
    const key = keyOf(socket)
    const address = socket.remoteAddress ?? ''
    const place: Place = { socket, address, answering: 0, isTrusted: false }
    this.#places.set(key, place)
    this.#strangers.add(place)
    socket.once('close', () => this.#forget(key, place))
  }

  begin(remote: Remote): () => void {
    const place = this.#places.get(keyOf(remote))
    if (place === undefined) return () => undefined
    place.answering += 1
    this.#idle(place).delete(place)
    return () => {
      place.answering -= 1
      const isThere = this.#places.get(keyOf(remote)) === place
      if (place.answering === 0 && isThere) this.#idle(place).add(place)
    }
  }

  trust(remote: Remote): void {
    const place = this.#places.get(keyOf(remote))
    if (place === undefined || place.isTrusted) return
    this.#strangers.delete(place)
    place.isTrusted = true
    if (place.answering === 0) this.#trusted.add(place)
  }

  /** False when everybody is being answered. */
  #giveWay(): boolean {
    const areMany = this.#strangers.size >= this.#most * STRANGERS_SHARE
    const order = areMany ? [this.#strangers, this.#trusted] : [this.#trusted, this.#strangers]
    const place = order[0]?.next() ?? order[1]?.next()
    if (place === undefined) return false
    this.#forget(keyOf(place.socket), place)
    place.socket.destroy()
    return true
  }

  #idle({ isTrusted }: Place): IdlePlaces {
    return isTrusted ? this.#trusted : this.#strangers
  }

  #forget(key: string, place: Place): void {
    this.#idle(place).delete(place)
    // The same port of the same address may be somebody else's by now.
    if (this.#places.get(key) === place) this.#places.delete(key)
  }
}

/** By address, so that one that has many does not push out those of others. */
class IdlePlaces {
  readonly #byAddress = new Map<string, Set<Place>>()
  size = 0

  add(place: Place): void {
    const places = this.#byAddress.get(place.address) ?? new Set()
    this.#byAddress.set(place.address, places.add(place))
    this.size += 1
  }

  delete(place: Place): void {
    const places = this.#byAddress.get(place.address)
    if (places?.delete(place) !== true) return
    this.size -= 1
    if (places.size === 0) this.#byAddress.delete(place.address)
  }

  /** Of the address that has the most, the one that has been idle for the longest time. */
  next(): Place | undefined {
    let most: Set<Place> | undefined
    for (const places of this.#byAddress.values()) {
      if (places.size > (most?.size ?? 0)) most = places
    }
    return most?.values().next().value
  }
}

function keyOf({ remoteAddress, remotePort }: Remote): string {
  return `${remoteAddress} ${remotePort}`
}

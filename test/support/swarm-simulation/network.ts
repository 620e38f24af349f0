/** The network between simulated hosts: how long a message takes, whether it arrives, and what it weighs. */
import type { Random } from '../../../core/random.ts'
import { oneWayMs, roundTripMs } from '../routing-simulation/distributions.ts'
import type { Place } from '../routing-simulation/distributions.ts'
import type { Conditions } from './conditions.ts'
import type { TickTime } from './tick-time.ts'

/** Headers of TCP and IP, of Noise and of yamux; one segment. */
const WIRE_BYTES = 40 + 18 + 12

export interface Traffic {
  messagesOut: number
  bytesOut: number
  messagesIn: number
  bytesIn: number
}

export interface Host {
  readonly peer: string
  /** From 0, in the order of their making. */
  readonly index: number
  readonly address: string
  readonly place: Place
  readonly traffic: Traffic
  readonly processors: Processors
  /** Whether its process runs. */
  alive: boolean
  /** Hosts of different sides neither hear nor reach each other. */
  side: number
}

export interface NetworkComponents {
  readonly time: TickTime
  readonly random: Random
}

export class Network {
  readonly time: TickTime
  readonly conditions: Conditions
  readonly hosts: Host[] = []
  /** Of all that happened, in order: equal for equal seeds. */
  trace = 0
  readonly #random: Random
  readonly #byPeer = new Map<string, Host>()
  readonly #byAddress = new Map<string, Host>()
  readonly #shared: Processors | undefined

  constructor({ time, random }: NetworkComponents, conditions: Conditions) {
    this.time = time
    this.#random = random
    this.conditions = conditions
    const { sharedProcessors } = conditions
    this.#shared = sharedProcessors === undefined ? undefined : new Processors(sharedProcessors)
  }

  /** In one of 256 networks, as hosts of the Internet are. */
  add(peer: string): Host {
    const index = this.hosts.length
    const host: Host = {
      peer,
      index,
      address: `/ip4/10.${index % 256}.${index >> 8}.7/tcp/4001`,
      place: this.conditions.place(this.#random),
      traffic: { messagesOut: 0, bytesOut: 0, messagesIn: 0, bytesIn: 0 },
      processors: this.#shared ?? new Processors(1),
      alive: false,
      side: 0
    }
    this.hosts.push(host)
    this.#byPeer.set(peer, host)
    this.#byAddress.set(host.address, host)
    return host
  }

  host(peer: string): Host | undefined {
    return this.#byPeer.get(peer)
  }

  at(address: string): Host | undefined {
    return this.#byAddress.get(address)
  }

  rttMs(from: Host, to: Host): number {
    return roundTripMs(from.place, to.place)
  }

  /** Of one message. */
  wayMs(from: Host, to: Host, bytes = 0): number {
    const { loss, resendMs, bytesPerMs } = this.conditions
    const rttMs = this.rttMs(from, to)
    const resent = loss > 0 && this.#random.next() < loss ? resendMs + rttMs : 0
    return oneWayMs(this.#random, rttMs) + bytes / bytesPerMs + resent
  }

  canReach(from: Host, to: Host): boolean {
    return from.alive && to.alive && from.side === to.side
  }

  /** Weighs a message; returns whether it will arrive, as things are. */
  carry(from: Host, to: Host, bytes: number): boolean {
    from.traffic.messagesOut += 1
    from.traffic.bytesOut += bytes + WIRE_BYTES
    if (!this.canReach(from, to)) return false
    to.traffic.messagesIn += 1
    to.traffic.bytesIn += bytes + WIRE_BYTES
    return true
  }

  note(from: Host, to: Host, what: number): void {
    for (const part of [this.time.monotonic(), from.index, to.index, what]) {
      this.trace = Math.imul(this.trace ^ part, 0x01_00_01_93) >>> 0
    }
  }
}

/** Work waits while all of them are busy. */
class Processors {
  readonly #freeAt: number[]

  constructor(count: number) {
    this.#freeAt = Array.from({ length: count }, () => 0)
  }

  /** Milliseconds from `now` until work of `ms` that is given now is done. */
  take(now: number, ms: number): number {
    const soonest = this.#freeAt.indexOf(Math.min(...this.#freeAt))
    const done = Math.max(now, this.#freeAt[soonest] ?? 0) + ms
    this.#freeAt[soonest] = done
    return done - now
  }
}

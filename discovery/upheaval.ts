/** Notices that much of the swarm came or went at once: then everybody speaks soon, and who does not is doubted. */
import type { Clock } from '../core/clock.ts'
import type { Component } from '../core/component.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { Random } from '../core/random.ts'
import type { Directory } from './directory.ts'
import { intervalFor, PRESENCE_BUDGET } from './presence-pace.ts'

/** So many times more or fewer nodes than when this node spoke last; a fifth of all that die are as many. */
const CHANGE = 1.25
const LOOK_MS = 2000
/** All speak within this time, of many nodes within a twentieth of an interval: for once, twenty times the budget. */
const LEAST_ROUND_MS = 10_000
const BURST = 20
/** One node notices so much later than another, and its statement comes later still. */
const LATE_MS = 5000
/** So much before this node noticed, others may have noticed and spoken. */
const EARLY_MS = 4000

export interface UpheavalComponents {
  readonly clock: Clock
  readonly random: Random
  readonly directory: Pick<Directory, 'size' | 'doubted' | 'peers'>
  /** This node is to say that it lives. */
  readonly speak: () => void
  /** Nothing was heard of the peer since that time, in monotonic milliseconds, although it had reason to speak. */
  readonly suspect: (peer: PeerIdText, since: number) => void
}

export interface Upheaval extends Component {
  /** This node has spoken. */
  told(): void
}

/** Milliseconds within which all speak of `nodes` that find that there are so many. */
export function roundFor(nodes: number): number {
  const round = Math.max(LEAST_ROUND_MS, (nodes / (BURST * PRESENCE_BUDGET)) * 1000)
  return Math.min(round, intervalFor(nodes))
}

export function createUpheaval(components: UpheavalComponents): Upheaval {
  return new DirectoryUpheaval(components)
}

class DirectoryUpheaval implements Upheaval {
  readonly #parts: UpheavalComponents
  #known = 0
  #cancelLook: (() => void) | undefined
  #cancelSpeech: (() => void) | undefined
  #cancelVerdict: (() => void) | undefined

  constructor(components: UpheavalComponents) {
    this.#parts = components
  }

  async start(): Promise<void> {
    if (this.#cancelLook !== undefined) return
    this.#known = this.#living
    this.#lookLater()
  }

  async stop(): Promise<void> {
    for (const cancel of [this.#cancelLook, this.#cancelSpeech, this.#cancelVerdict]) cancel?.()
    this.#cancelLook = undefined
    this.#cancelSpeech = undefined
    this.#cancelVerdict = undefined
  }

  told(): void {
    this.#known = this.#living
    this.#cancelSpeech?.()
    this.#cancelSpeech = undefined
  }

  /** Nodes that nobody doubts, this one included. */
  get #living(): number {
    const { size, doubted } = this.#parts.directory
    return size - doubted
  }

  #lookLater(): void {
    this.#cancelLook = this.#parts.clock.after(LOOK_MS, () => {
      this.#look()
      this.#lookLater()
    })
  }

  #look(): void {
    const { clock, random, speak } = this.#parts
    const living = this.#living
    const isFewer = this.#known >= CHANGE * living
    if (!isFewer && living < CHANGE * this.#known) return
    this.#known = living
    this.#cancelSpeech ??= clock.after(random.next() * roundFor(living), speak)
    if (isFewer) this.#doubtSilentLater()
  }

  /** Who was lost by none of this side, since all of its sessions were on the other, is found by its silence. */
  #doubtSilentLater(): void {
    const { clock, suspect } = this.#parts
    const since = clock.monotonic() - EARLY_MS
    this.#cancelVerdict?.()
    this.#cancelVerdict = clock.after(roundFor(this.#living) + LATE_MS, () => {
      for (const peer of this.#silentSince(since)) suspect(peer, since)
    })
  }

  /** Peers without a session that were last heard of before that time, in monotonic milliseconds. */
  #silentSince(since: number): readonly PeerIdText[] {
    const { clock, directory } = this.#parts
    const longest = clock.monotonic() - since
    const silent = directory.peers().filter((peer) => !peer.connected && peer.freshMs > longest)
    return silent.map(({ peer }) => peer)
  }
}

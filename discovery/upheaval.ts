/** Notices that much of the swarm came or went at once: then everybody speaks soon, and who does not is doubted. */
import type { Clock } from '../core/clock.ts'
import type { Component } from '../core/component.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { Random } from '../core/random.ts'
import type { Directory } from './directory.ts'
import { roundFor } from './presence-pace.ts'

/** So many times more or fewer nodes than a moment ago. */
const CHANGE = 1.25
/** So many times fewer: whoever notices may expect that all others notice a {@link CHANGE} at least. */
const LOSS = 1.5
/** A moment: links that are cut without a word take this long to be missed, one sooner and another later. */
const MOMENT_MS = 30_000
const LOOK_MS = 1000
/** Who has not looked for this long has slept, or stood still. */
const ASLEEP_MS = 4000
/** Of two nodes one notices so much sooner than the other. */
const SPREAD_MS = 3000
/** A statement comes so late where all are busy, or links are lost one after the other. */
const LATE_MS = 3000

export interface UpheavalComponents {
  readonly clock: Clock
  readonly random: Random
  readonly directory: Pick<Directory, 'census' | 'peers'>
  /** This node is to say that it lives. */
  readonly speak: () => void
  /** Nothing was heard of the peer since that time, in monotonic milliseconds, although it had reason to speak. */
  readonly suspect: (peer: PeerIdText, since: number) => void
}

export interface Upheaval extends Component {
  /** This node has spoken. */
  told(): void
}

export function createUpheaval(components: UpheavalComponents): Upheaval {
  return new DirectoryUpheaval(components)
}

class DirectoryUpheaval implements Upheaval {
  readonly #parts: UpheavalComponents
  #change = createSwing(CHANGE)
  #loss = createSwing(LOSS)
  #lookedAt = -Infinity
  #cancelLook: (() => void) | undefined
  #cancelSpeech: (() => void) | undefined
  /** A statement of before might not be counted by those who noticed later. In monotonic milliseconds. */
  #speaksFrom = -Infinity
  #cancelVerdict: (() => void) | undefined

  constructor(components: UpheavalComponents) {
    this.#parts = components
  }

  async start(): Promise<void> {
    if (this.#cancelLook !== undefined) return
    this.#lookLater()
  }

  async stop(): Promise<void> {
    this.#dropVerdict()
    this.#dropSpeech()
    this.#cancelLook?.()
    this.#cancelLook = undefined
    this.#lookedAt = -Infinity
  }

  told(): void {
    if (this.#parts.clock.monotonic() >= this.#speaksFrom) this.#dropSpeech()
  }

  #lookLater(): void {
    this.#look()
    this.#cancelLook = this.#parts.clock.after(LOOK_MS, () => this.#lookLater())
  }

  #look(): void {
    const { clock, directory } = this.#parts
    const sinceMs = clock.monotonic() - this.#lookedAt
    this.#lookedAt = clock.monotonic()
    // Who has slept finds that all have expired, and nobody else has noticed anything.
    if (sinceMs > ASLEEP_MS) {
      this.#change = createSwing(CHANGE)
      this.#loss = createSwing(LOSS)
      return
    }
    const { living, witnessed } = directory.census()
    this.#speakAfter(this.#change(living), living)
    const loss = this.#loss(witnessed)
    if (loss?.way === 'fewer') this.#doubtSilentLater(loss.before)
    // Those who are back have not had the time to speak.
    if (loss?.way === 'more') this.#dropVerdict()
  }

  #speakAfter(change: Swing | undefined, living: number): void {
    const isPending = this.#cancelSpeech !== undefined
    if (change?.way === 'fewer') this.#speakWithin(lossRoundFor(living), SPREAD_MS + LATE_MS)
    else if (change?.way === 'more' && !isPending) this.#speakWithin(roundFor(living), 0)
  }

  /** At a random moment within so many milliseconds after a wait. */
  #speakWithin(ms: number, wait: number): void {
    const { clock, random, speak } = this.#parts
    this.#dropSpeech()
    this.#speaksFrom = clock.monotonic() + wait
    this.#cancelSpeech = clock.after(wait + random.next() * ms, () => {
      this.#cancelSpeech = undefined
      speak()
    })
  }

  #dropSpeech(): void {
    this.#cancelSpeech?.()
    this.#cancelSpeech = undefined
  }

  /** Who was lost by none of this side, since all of its sessions were on the other, is found by its silence. */
  #doubtSilentLater(before: number): void {
    const { clock, suspect } = this.#parts
    const noticed = clock.monotonic()
    // What comes sooner may have been said before the loss.
    const since = noticed + LATE_MS
    // Whoever noticed last spoke last. Others reckon with as many nodes as before while they have not doubted the lost.
    const lastSpeech = SPREAD_MS + SPREAD_MS + LATE_MS + lossRoundFor(before)
    this.#dropVerdict()
    this.#cancelVerdict = clock.after(lastSpeech + LATE_MS, () => {
      for (const peer of this.#silentSince(since)) suspect(peer, since)
    })
  }

  #dropVerdict(): void {
    this.#cancelVerdict?.()
    this.#cancelVerdict = undefined
  }

  /** Peers without a session that were last heard of before that time, in monotonic milliseconds. */
  #silentSince(since: number): readonly PeerIdText[] {
    const { clock, directory } = this.#parts
    const longest = clock.monotonic() - since
    const silent = directory.peers().filter((peer) => !peer.connected && peer.freshMs > longest)
    return silent.map(({ peer }) => peer)
  }
}

/** Those who lost the others are fewer, and may speak within half the time. */
function lossRoundFor(nodes: number): number {
  return roundFor(nodes) / 2
}

interface Swing {
  readonly way: 'fewer' | 'more'
  /** The level that it is measured by. */
  readonly before: number
}

/** Says of a level, looked at again and again, when it has become `factor` times as high or low within a moment. */
function createSwing(factor: number): (level: number) => Swing | undefined {
  let levels: number[] = []
  return (level) => {
    const [most, least] = [Math.max(...levels), Math.min(...levels)]
    const isFewer = most >= factor * level
    const isMore = level >= factor * least
    if (isFewer || isMore) levels = []
    levels = [...levels, level].slice(-MOMENT_MS / LOOK_MS)
    if (isFewer) return { way: 'fewer', before: most }
    return isMore ? { way: 'more', before: least } : undefined
  }
}

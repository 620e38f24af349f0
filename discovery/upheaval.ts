/** Notices that much of the swarm came or went at once: then everybody speaks soon, and who does not is doubted. */
import type { Clock } from '../core/clock.ts'
import type { Component } from '../core/component.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { Random } from '../core/random.ts'
import type { Directory } from './directory.ts'
import { intervalFor, roundFor } from './presence-pace.ts'

/** So many times more or fewer nodes than a moment ago. */
const CHANGE = 1.25
/** So many times fewer: whoever notices may expect that all others have noticed a {@link CHANGE} at least. */
const LOSS = 1.5
/** A moment: links that are cut without a word take this long to be missed, one sooner and another later. */
const MOMENT_MS = 30_000
const LOOK_MS = 2000
/** One node notices so much later than another, and its statement comes later still. */
const SLACK_MS = 5000
/** So much before this node noticed, others may have noticed and spoken. */
const EARLY_MS = 4000

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
  #verdicts: readonly (() => void)[] = []

  constructor(components: UpheavalComponents) {
    this.#parts = components
  }

  async start(): Promise<void> {
    if (this.#cancelLook !== undefined) return
    this.#lookLater()
  }

  async stop(): Promise<void> {
    this.#cancelVerdicts()
    this.told()
    this.#cancelLook?.()
    this.#cancelLook = undefined
    this.#lookedAt = -Infinity
  }

  told(): void {
    this.#cancelSpeech?.()
    this.#cancelSpeech = undefined
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
    if (sinceMs > 2 * LOOK_MS) {
      this.#change = createSwing(CHANGE)
      this.#loss = createSwing(LOSS)
      return
    }
    const { living, witnessed } = directory.census()
    if (this.#change(living) !== undefined) this.#speakSoon(living)
    const loss = this.#loss(witnessed)
    if (loss?.way === 'fewer') this.#doubtSilentLater(loss.before)
    // Those who are back have not had the time to speak.
    if (loss?.way === 'more') this.#cancelVerdicts()
  }

  #speakSoon(nodes: number): void {
    const { clock, random, speak } = this.#parts
    this.#cancelSpeech ??= clock.after(random.next() * roundFor(nodes), () => {
      this.#cancelSpeech = undefined
      speak()
    })
  }

  /** Who was lost by none of this side, since all of its sessions were on the other, is found by its silence. */
  #doubtSilentLater(before: number): void {
    const noticed = this.#parts.clock.monotonic()
    this.#cancelVerdicts()
    // Others reckon with as many nodes as before while they have not doubted the lost.
    this.#verdicts = [
      this.#verdictIn(roundFor(before), noticed - EARLY_MS),
      // Who spoke shortly before it was cut off has not been missed yet.
      this.#verdictIn(intervalFor(before), noticed)
    ]
  }

  #cancelVerdicts(): void {
    for (const cancel of this.#verdicts) cancel()
    this.#verdicts = []
  }

  /** By when all have spoken since that time, in monotonic milliseconds. */
  #verdictIn(ms: number, since: number): () => void {
    const { clock, suspect } = this.#parts
    return clock.after(ms + SLACK_MS, () => {
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

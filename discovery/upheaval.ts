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
const LATE_MS = 3000
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

export function createUpheaval(components: UpheavalComponents): Upheaval {
  return new DirectoryUpheaval(components)
}

class DirectoryUpheaval implements Upheaval {
  readonly #parts: UpheavalComponents
  readonly #change = createSwing(CHANGE)
  readonly #loss = createSwing(LOSS)
  #cancelLook: (() => void) | undefined
  #cancelSpeech: (() => void) | undefined
  #verdicts: readonly (() => void)[] = []

  constructor(components: UpheavalComponents) {
    this.#parts = components
  }

  async start(): Promise<void> {
    if (this.#cancelLook !== undefined) return
    this.#look()
    this.#lookLater()
  }

  async stop(): Promise<void> {
    for (const cancel of [this.#cancelLook, this.#cancelSpeech, ...this.#verdicts]) cancel?.()
    this.#cancelLook = undefined
    this.#cancelSpeech = undefined
    this.#verdicts = []
  }

  told(): void {
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
    if (this.#change(living) !== undefined) {
      this.#cancelSpeech ??= clock.after(random.next() * roundFor(living), speak)
    }
    if (this.#loss(living) === 'fewer') this.#doubtSilentLater()
  }

  /** Who was lost by none of this side, since all of its sessions were on the other, is found by its silence. */
  #doubtSilentLater(): void {
    const noticed = this.#parts.clock.monotonic()
    const living = this.#living
    for (const cancel of this.#verdicts) cancel()
    this.#verdicts = [
      this.#verdictIn(roundFor(living), noticed - EARLY_MS),
      // Who spoke shortly before it was cut off has not been missed yet.
      this.#verdictIn(intervalFor(living), noticed)
    ]
  }

  /** By when all have spoken since that time, in monotonic milliseconds. */
  #verdictIn(ms: number, since: number): () => void {
    const { clock, suspect } = this.#parts
    return clock.after(ms + LATE_MS, () => {
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

/** Says of a level, looked at again and again, when it has become `factor` times as high or low within a moment. */
function createSwing(factor: number): (level: number) => 'fewer' | 'more' | undefined {
  let levels: number[] = []
  return (level) => {
    const isFewer = levels.some((before) => before >= factor * level)
    const isMore = levels.some((before) => level >= factor * before)
    if (isFewer || isMore) levels = []
    levels = [...levels, level].slice(-MOMENT_MS / LOOK_MS)
    if (isFewer) return 'fewer'
    return isMore ? 'more' : undefined
  }
}

/** Notices that much of the swarm came or went at once: then everybody speaks soon, and who does not is doubted. */
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { Random } from '../../core/random.ts'
import type { Directory } from '../directory/directory.ts'
import { roundFor } from './presence-pace.ts'
import { createSwing } from './swing.ts'
import type { Way } from './swing.ts'

/** So many times more or fewer nodes than a moment ago. */
const CHANGE = 1.25
/** So many times fewer: whoever notices may expect that all others have noticed a {@link CHANGE}, or do so soon. */
const LOSS = 1.5
const LOOK_MS = 1000
/** After a look that comes so late there may be words that have not been read yet. */
const LATE_LOOK_MS = 2000
/** Who has not looked for this long slept; a busy node may stand still for 7 s (core/limits.ts). */
const ASLEEP_MS = 10_000
/** Of two nodes one notices so much sooner than the other. */
const SPREAD_MS = 3000
/** A statement comes so late where all are busy, or links are lost one after the other. */
const LATE_MS = 3000

export interface UpheavalComponents {
  readonly clock: Clock
  readonly random: Random
  readonly directory: Pick<Directory, 'census' | 'peers'>
  /** Whether this node has no session at all. */
  readonly isAlone: () => boolean
  /** This node is to say that it lives, as the nodes have become more or fewer. */
  readonly speak: (way: Way) => void
  /** Nothing was heard of the peer since that time, in monotonic milliseconds, although it had reason to speak. */
  readonly suspect: (peer: PeerIdText, since: number) => void
}

export interface Upheaval extends Component {
  /** This node has spoken. */
  told(): void
}

interface Speech {
  readonly way: Way
  /** What is said sooner does not replace it. In monotonic milliseconds. */
  readonly from: number
  readonly cancel: () => void
}

/** Times are monotonic milliseconds. */
interface Verdict {
  readonly dueAt: number
  readonly since: number
}

export function createUpheaval(components: UpheavalComponents): Upheaval {
  return new DirectoryUpheaval(components)
}

class DirectoryUpheaval implements Upheaval {
  readonly #parts: UpheavalComponents
  #swings = createSwings()
  #lookedAt = -Infinity
  #cancelLook: (() => void) | undefined
  #speech: Speech | undefined
  #verdict: Verdict | undefined

  constructor(components: UpheavalComponents) {
    this.#parts = components
  }

  async start(): Promise<void> {
    if (this.#cancelLook !== undefined) return
    this.#lookLater()
  }

  async stop(): Promise<void> {
    this.#beginAnew()
    this.#dropSpeech()
    this.#cancelLook?.()
    this.#cancelLook = undefined
    this.#lookedAt = -Infinity
  }

  told(): void {
    const { from = Infinity } = this.#speech ?? {}
    if (this.#parts.clock.monotonic() >= from) this.#dropSpeech()
  }

  #lookLater(): void {
    this.#look()
    this.#cancelLook = this.#parts.clock.after(LOOK_MS, () => this.#lookLater())
  }

  #look(): void {
    const { clock, isAlone } = this.#parts
    const now = clock.monotonic()
    const sinceMs = now - this.#lookedAt
    this.#lookedAt = now
    // Who has slept, or lost everybody, finds that all have gone, who have noticed nothing.
    if (sinceMs > ASLEEP_MS || isAlone()) {
      this.#beginAnew()
      return
    }
    this.#notice(now)
    this.#judge(now, sinceMs > LATE_LOOK_MS)
  }

  #beginAnew(): void {
    this.#swings = createSwings()
    this.#verdict = undefined
  }

  #notice(now: number): void {
    const { living, witnessed } = this.#parts.directory.census()
    const change = this.#swings.living(living, now)
    const less = this.#swings.witnessed(witnessed, now)
    const loss = this.#swings.loss(witnessed, now)
    // Either: a node that another invents would otherwise keep it from speaking, and those who miss it judge.
    if (change?.way === 'fewer' || less?.way === 'fewer') this.#speakOfLoss(now, living)
    else if (change?.way === 'more') this.#speakOfMore(now, living)
    if (loss?.way === 'fewer') {
      const nodes = Math.max(loss.before, LOSS * living)
      this.#verdict = { since: loss.lastAt + LATE_MS, dueAt: now + verdictAfter(nodes) }
    }
    // Those who are back have not had the time to speak.
    if (loss?.way === 'more') this.#verdict = undefined
  }

  #speakOfMore(now: number, living: number): void {
    if (this.#speech === undefined) this.#speakWithin(roundFor(living), { way: 'more', from: now })
  }

  #speakOfLoss(now: number, living: number): void {
    // Those who judge reckon from the first that was lost.
    if (this.#speech?.way === 'fewer') return
    this.#dropSpeech()
    this.#speakWithin(lossRoundFor(living), { way: 'fewer', from: now + SPREAD_MS + LATE_MS })
  }

  /** At a random moment within so many milliseconds from then on. */
  #speakWithin(ms: number, { way, from }: Omit<Speech, 'cancel'>): void {
    const { clock, random, speak } = this.#parts
    const wait = from - clock.monotonic() + random.next() * ms
    const cancel = clock.after(wait, () => {
      this.#speech = undefined
      speak(way)
    })
    this.#speech = { way, from, cancel }
  }

  #dropSpeech(): void {
    this.#speech?.cancel()
    this.#speech = undefined
  }

  /** Who was lost by none of this side, since all of its sessions were on the other, is found by its silence. */
  #judge(now: number, wasStill: boolean): void {
    const verdict = this.#verdict
    if (verdict === undefined) return
    const dueAt = wasStill ? Math.max(verdict.dueAt, now + LATE_MS) : verdict.dueAt
    this.#verdict = now < dueAt ? { ...verdict, dueAt } : undefined
    if (this.#verdict !== undefined) return
    for (const peer of this.#silentSince(verdict.since)) this.#parts.suspect(peer, verdict.since)
  }

  /** Peers without a session that were last heard of before that time, in monotonic milliseconds. */
  #silentSince(since: number): readonly PeerIdText[] {
    const { clock, directory } = this.#parts
    const longest = clock.monotonic() - since
    const silent = directory.peers().filter((peer) => !peer.connected && peer.freshMs > longest)
    return silent.map(({ peer }) => peer)
  }
}

function createSwings() {
  return {
    living: createSwing(CHANGE),
    witnessed: createSwing(CHANGE),
    loss: createSwing(LOSS)
  }
}

/** Whoever misses the silent waits for all others, so that these have half the time of who came to know of more. */
function lossRoundFor(nodes: number): number {
  return roundFor(nodes) / 2
}

/** Milliseconds after which a node that notices a loss has heard all others: the last noticed later, waited, spoke, and was late. */
function verdictAfter(nodes: number): number {
  return SPREAD_MS + (SPREAD_MS + LATE_MS) + lossRoundFor(nodes) + LATE_MS
}

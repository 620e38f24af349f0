/**
 * Keeps this node connected for ever: libp2p dials a discovered peer once and gives up on a lost one
 * after a minute (faults-and-libp2p.md, 1.C), so this supervisor does the dialling.
 */
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { toLumosError } from '../../core/errors.ts'
import type { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { createDialWidth } from './dial-width.ts'
import type { DialWidth } from './dial-width.ts'
import { peerOfAddress } from './hint.ts'
import type { FoundBy, PeerHint } from './hint.ts'
import type { AddressFailure, PeerBook } from './peer-book.ts'
import { RedialSchedule } from './redial-schedule.ts'
import type { PeerGoal, Slots, Target } from './redial-schedule.ts'

export interface DialTarget {
  /** Who must answer; `undefined` when only an address was configured. */
  readonly peer: PeerIdText | undefined
  readonly addresses: readonly string[]
}

export type DialOutcome =
  | { readonly peer: PeerIdText; readonly address: string | undefined }
  | { readonly error: LumosError; readonly failures: readonly AddressFailure[] }

/** Reaches a session with the target; to fail is an ordinary outcome, not an exception. */
export type Dial = (target: DialTarget, signal: AbortSignal) => Promise<DialOutcome>

/** How many more session peers there should be; dials under way are not counted. */
export interface Appetite {
  /** Until the target is reached. */
  readonly strangers: number
  /** Until the high-water mark is reached: more than the target, so that a healed network mends. */
  readonly lost: number
}

export interface RedialComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly book: PeerBook
  readonly dial: Dial
  readonly isConnected: (peer: PeerIdText) => boolean
  readonly appetite: () => Appetite
}

export interface RedialInit {
  readonly self: PeerIdText
  readonly parallel?: number
}

export interface Redialer extends Component {
  /** Takes a hint into the book; a new peer or address, or a sign of life, is due at once. */
  learn(hint: PeerHint): void
  /** Tries a configured address, with or without a peer id, for ever. */
  pin(address: string, foundBy: FoundBy): void
  unpin(peer: PeerIdText): void
  isPinned(peer: PeerIdText): boolean
  /** Pinned by a person: not even the peer's wish to be released counts. */
  isHeld(peer: PeerIdText): boolean
  /** A session with the peer opened, whoever dialled. */
  opened(peer: PeerIdText): void
  /** It ended: by agreement, or because the peer or the link was lost. */
  closed(peer: PeerIdText, how: 'released' | 'lost'): void
  refused(peer: PeerIdText, error: LumosError): void
  /** Looks again whether somebody has to be dialled. */
  poke(): void
  /** Dials under way. */
  readonly dialing: number
  hasStrangers(): boolean
  /** Peers that could be dialled and have not failed. */
  untried(): number
  goals(): readonly PeerGoal[]
}

/** Both ends of a mutual discovery would dial at once; the one with the larger id waits this long. */
export const YIELD_MS = 1500
/** These say that the peer is up just now, and the peer learns of us in the same way. */
const MUTUAL: ReadonlySet<FoundBy> = new Set<FoundBy>(['same-host', 'mdns'])

export function createRedialer(components: RedialComponents, init: RedialInit): Redialer {
  const { clock, book, isConnected } = components
  const schedule = new RedialSchedule(components)
  const dialler = createDialler(components, { schedule, parallel: init.parallel })

  return {
    learn(hint) {
      const isNews = book.learn(hint)
      const isAlive = MUTUAL.has(hint.foundBy)
      if (isConnected(hint.peer) || !book.has(hint.peer) || !(isNews || isAlive)) return
      const yields = isAlive && init.self > hint.peer
      schedule.meet(hint.peer, clock.monotonic() + (yields ? YIELD_MS : 0))
      dialler.pump()
    },
    pin(address, foundBy) {
      schedule.pin(address, foundBy)
      dialler.pump()
    },
    unpin: (peer) => schedule.unpin(peer),
    isPinned: (peer) => schedule.isPinned(peer),
    isHeld: (peer) => schedule.isHeld(peer),
    opened(peer) {
      book.connected(peer)
      schedule.opened(peer, clock.monotonic())
      dialler.pump()
    },
    closed(peer, how) {
      schedule.closed(peer, clock.monotonic(), how)
      dialler.pump()
    },
    refused(peer, error) {
      schedule.failed({ peer, address: undefined }, clock.monotonic(), { error, failures: [] })
      dialler.pump()
    },
    poke: () => dialler.pump(),
    get dialing() {
      return dialler.dialing
    },
    hasStrangers: () => schedule.hasStrangers(),
    untried: () => schedule.untried(),
    goals: () => schedule.goals(clock.monotonic()),
    start: () => dialler.start(),
    stop: () => dialler.stop()
  }
}

interface DiallerInit {
  readonly schedule: RedialSchedule
  readonly parallel: number | undefined
}

interface Dialler extends Component {
  pump(): void
  readonly dialing: number
}

/** Carries out what the schedule decides, a bounded number of dials at a time. */
function createDialler(components: RedialComponents, init: DiallerInit): Dialler {
  const { clock, appetite } = components
  const { schedule, parallel: most = LIMITS.parallelDials.value } = init
  const width = createDialWidth(most)
  const dials = new Map<AbortController, Promise<void>>()
  let retries = 0
  let running = false
  let cancelTimer: (() => void) | undefined

  const slots = (): Slots =>
    slotsFor(appetite(), { dialing: dials.size, retries, parallel: width.now })

  function pump(): void {
    if (!running) return
    cancelTimer?.()
    cancelTimer = undefined
    const now = clock.monotonic()
    for (const target of schedule.take(now, slots())) begin(target)
    if (dials.size >= width.now) return
    const next = schedule.nextDue(now, slots())
    if (next !== undefined && next > now) cancelTimer = clock.after(next - now, pump)
  }

  function begin(target: Target): void {
    const controller = new AbortController()
    const cancelDeadline = clock.after(LIMITS.dialDeadline.value, () => {
      controller.abort(new DOMException('the dial took too long', 'TimeoutError'))
    })
    const isRetry = target.attempts > 0
    if (isRetry) retries++
    const attempt = run(target, controller.signal).finally(() => {
      if (isRetry) retries--
      cancelDeadline()
      dials.delete(controller)
      pump()
    })
    dials.set(controller, attempt)
  }

  async function run(target: Target, signal: AbortSignal): Promise<void> {
    const outcome = await reach(components, { target, width }, signal)
    schedule.ended(target)
    if (running) settle(components, schedule, { target, outcome })
  }

  return {
    pump,
    get dialing() {
      return dials.size
    },
    async start() {
      running = true
      pump()
    },
    async stop() {
      running = false
      cancelTimer?.()
      cancelTimer = undefined
      for (const controller of dials.keys()) controller.abort()
      await Promise.all(dials.values())
    }
  }
}

/** How many dials of each kind may begin now. */
function slotsFor(
  { strangers, lost }: Appetite,
  { dialing, retries, parallel }: { dialing: number; retries: number; parallel: number }
): Slots {
  // A peer that failed last time is not counted on: strangers are dialled beside it.
  const hopeful = dialing - retries
  return {
    free: parallel - dialing,
    strangers: strangers - hopeful,
    lost: lost - hopeful,
    retries: Math.ceil(parallel / 2) - retries
  }
}

function whereTo(book: PeerBook, { peer, address }: Target): DialTarget {
  // A pinned address without an id may have been given to another node: any answer will do.
  const expected = address === undefined ? peer : peerOfAddress(address)
  const known = expected === undefined ? [] : (book.get(expected)?.addresses ?? [])
  return { peer: expected, addresses: [...(address === undefined ? [] : [address]), ...known] }
}

async function reach(
  { dial, book, clock }: RedialComponents,
  { target, width }: { readonly target: Target; readonly width: DialWidth },
  signal: AbortSignal
): Promise<DialOutcome> {
  const where = whereTo(book, target)
  const since = clock.monotonic()
  try {
    const outcome = await dial(where, signal)
    const tookMs = clock.monotonic() - since
    if ('error' in outcome) width.failed({ tookMs, addresses: where.addresses.length })
    else width.succeeded({ tookMs })
    return outcome
  } catch (error) {
    return { error: toLumosError(error), failures: [] }
  }
}

interface Settled {
  readonly target: Target
  readonly outcome: DialOutcome
}

function settle(
  { book, clock, isConnected, logger }: RedialComponents,
  schedule: RedialSchedule,
  { target, outcome }: Settled
): void {
  const now = clock.monotonic()
  if ('error' in outcome) {
    const { code } = outcome.error
    logger.debug('a peer was not reached', { peer: target.peer, address: target.address, code })
    if (target.peer !== undefined) book.failed(target.peer, outcome.failures)
    schedule.failed(target, now, outcome)
    return
  }
  const { peer, address } = outcome
  if (target.address !== undefined) schedule.answered(target.address, peer)
  book.connected(peer, address)
  // The session may have opened and closed again while the dial's promise settled.
  if (isConnected(peer)) schedule.opened(peer, clock.monotonic())
  else schedule.closed(peer, now, 'lost')
}

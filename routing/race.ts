/** Gives a harmless task that takes unusually long to a second worker, and goes on with who answers first. */
import type { StreamResponse } from '../core/a2a.ts'
import { INTERRUPTED_STATES, TERMINAL_STATES } from '../core/a2a.ts'
import type { Clock } from '../core/clock.ts'
import { toLumosError } from '../core/errors.ts'
import type { LumosError } from '../core/errors.ts'
import { linkedAbort } from '../core/linked-abort.ts'
import type { LinkedAbort } from '../core/linked-abort.ts'
import type { RouteProvider } from './directory-port.ts'

export type RaceEvent =
  | { readonly type: 'update'; readonly update: StreamResponse }
  /** A second one is to be asked, which happens when the next event is asked for. */
  | { readonly type: 'hedged'; readonly provider: RouteProvider; readonly afterMs: number }
  /** The first goes on alone: it answered, or (`error`) the second cannot. */
  | { readonly type: 'hedge-lost'; readonly provider: RouteProvider; readonly error?: LumosError }
  /** The second goes on alone, and what it said so far follows: it answered, or (`error`) the first cannot. */
  | { readonly type: 'hedge-won'; readonly provider: RouteProvider; readonly error?: LumosError }

export interface RaceInit {
  readonly first: RouteProvider
  /** Milliseconds from sending until a second one is asked. */
  readonly afterMs: number
  /** Who that is; `undefined` when it is not worth it, or too dear. */
  readonly second: () => RouteProvider | undefined
  /** Ends it all. */
  readonly signal: AbortSignal
  /** Sends the task; throws what the worker refuses it with. */
  readonly send: (provider: RouteProvider, signal: AbortSignal) => AsyncIterable<StreamResponse>
  /** After this error of the first one the second one would fail as well. */
  readonly isFinal: (error: LumosError) => boolean
}

/** Made once: an error for each that is left would cost more than leaving it. */
const LEFT = new DOMException('another one answered, or nobody wants the answer', 'AbortError')

/** What a worker says next: an update, its failure, or neither at its end. */
interface Word {
  readonly runner: Runner
  readonly update?: StreamResponse
  readonly error?: LumosError
}

class Runner {
  readonly provider: RouteProvider
  readonly #leaving: LinkedAbort
  readonly #words: AsyncIterator<StreamResponse>
  #next: Promise<Word> | undefined
  #isOver = false

  constructor(provider: RouteProvider, { send, signal }: Pick<RaceInit, 'send' | 'signal'>) {
    this.provider = provider
    this.#leaving = linkedAbort(signal)
    this.#words = send(provider, this.#leaving.signal)[Symbol.asyncIterator]()
  }

  /** The same word until it has been taken. */
  get next(): Promise<Word> {
    this.#next ??= this.#words.next().then(
      ({ done, value }) => (done === true ? { runner: this } : { runner: this, update: value }),
      (cause: unknown) => ({ runner: this, error: toLumosError(cause) })
    )
    return this.#next
  }

  taken({ update }: Word): void {
    this.#next = undefined
    this.#isOver = update === undefined
  }

  leave(): void {
    this.#leaving.abort(LEFT)
    this.#leaving.release()
    void this.#words.return?.().catch(() => {})
  }

  /** What it says from now on; throws its failure. */
  async *rest(): AsyncIterable<RaceEvent> {
    while (!this.#isOver) {
      const word = await this.next
      this.taken(word)
      yield* told(word)
    }
  }
}

/** Throws what the one throws that is listened to last. */
export async function* race(clock: Pick<Clock, 'after'>, init: RaceInit): AsyncIterable<RaceEvent> {
  const late = Promise.withResolvers<'late'>()
  const first = new Runner(init.first, init)
  let second: Runner | undefined
  const disarm = clock.after(init.afterMs, () => late.resolve('late'))
  try {
    const isLate = yield* untilAnswer(first, late.promise)
    const provider = isLate ? init.second() : undefined
    if (provider === undefined) yield* first.rest()
    else {
      yield { type: 'hedged', provider, afterMs: init.afterMs }
      second = new Runner(provider, init)
      yield* contest(first, second, init)
    }
  } finally {
    disarm()
    first.leave()
    second?.leave()
  }
}

/** Returns true when it took too long. */
async function* untilAnswer(
  first: Runner,
  late: Promise<'late'>
): AsyncGenerator<RaceEvent, boolean> {
  for (;;) {
    const word = await Promise.race([first.next, late])
    if (word === 'late') return true
    first.taken(word)
    yield* told(word)
    if (word.update === undefined || isWorthKeeping(word.update)) return false
  }
}

/** Both have the task, until one of them says something that its caller would miss. */
async function* contest(first: Runner, second: Runner, init: RaceInit): AsyncIterable<RaceEvent> {
  const { provider } = second
  /** What the second one has said: that it has the task, at least. */
  const held: Word[] = []
  /** The first one's last word, if it failed: the other may do better. */
  let failure: Word | undefined
  for (;;) {
    const word = await Promise.race(
      failure === undefined ? [first.next, second.next] : [second.next]
    )
    const { runner, update, error } = word
    runner.taken(word)
    const hasAnswered = update !== undefined && isWorthKeeping(update)
    const hasFailed = isLost(word, init)
    if (runner === first && hasFailed) failure = word
    else if (runner === first && update !== undefined && !hasAnswered) yield* told(word)
    else if (runner === first || hasFailed || update === undefined) {
      second.leave()
      yield { type: 'hedge-lost', provider, ...(runner === second && error && { error }) }
      yield* told(failure ?? (runner === first ? word : {}))
      return yield* first.rest()
    } else held.push(word)
    // One that is lost says no more; one that has failed has said so, which is an answer if there is no better one.
    const isAlone = failure?.error !== undefined && held.length > 0
    if (!isAlone && !(runner === second && hasAnswered)) continue
    first.leave()
    yield { type: 'hedge-won', provider, ...(failure?.error && { error: failure.error }) }
    for (const earlier of held) yield* told(earlier)
    return yield* second.rest()
  }
}

function* told({ update, error }: Omit<Word, 'runner'>): Iterable<RaceEvent> {
  if (error !== undefined) throw error
  if (update !== undefined) yield { type: 'update', update }
}

/** Whether the other one may do what this one will not. */
function isLost({ update, error }: Word, { isFinal }: RaceInit): boolean {
  return error === undefined ? update !== undefined && isFailed(update) : !isFinal(error)
}

/** Output, a question, or an end that is none of failure: what replaces it would have to be told twice. */
export function isWorthKeeping({ task, statusUpdate, artifactUpdate }: StreamResponse): boolean {
  if (artifactUpdate !== undefined || (task?.artifacts ?? []).length > 0) return true
  const state = (task ?? statusUpdate)?.status.state
  if (state === undefined) return false
  return INTERRUPTED_STATES.has(state) || (TERMINAL_STATES.has(state) && !isFailure(state))
}

function isFailed({ task, statusUpdate }: StreamResponse): boolean {
  const state = (task ?? statusUpdate)?.status.state
  return state !== undefined && isFailure(state)
}

function isFailure(state: string): boolean {
  return state === 'TASK_STATE_FAILED' || state === 'TASK_STATE_REJECTED'
}

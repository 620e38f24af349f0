/** Runs the looks of `lumos doctor` beside each other, each with a deadline: what hangs must not hide the rest. */
import type { Attempt, Check, CheckState } from '../../../client/doctor-api.ts'
import type { Clock } from '../../../core/clock.ts'
import { toLumosError } from '../../../core/errors.ts'
import { LIMITS } from '../../../core/limits.ts'
import { linkedAbort } from '../../../core/linked-abort.ts'
import { unlessAborted } from '../../../core/unless-aborted.ts'

export interface Examination {
  readonly area: string
  /** Of what is said when it takes too long. */
  readonly name: string
  /** What it has not found out when the signal aborts, it leaves. */
  readonly look: (signal: AbortSignal) => Promise<readonly Check[]> | readonly Check[]
}

export interface Finding {
  readonly state: CheckState
  readonly text: string
  readonly code?: string | undefined
  /** For a state that is not well: what to type. */
  readonly hint?: string | undefined
  readonly tried?: readonly Attempt[] | undefined
  readonly fix?: string | undefined
  readonly tookMs?: number | undefined
}

/** A check of `area`, without the fields that say nothing. */
export function checked(
  area: string,
  name: string,
  { state, text, code, hint, tried, fix, tookMs }: Finding
): Check {
  return {
    area,
    name,
    state,
    text,
    ...(code !== undefined && { code }),
    ...(hint !== undefined && state !== 'ok' && { hint }),
    ...(tried !== undefined && tried.length > 0 && { tried }),
    ...(fix !== undefined && { fix }),
    ...(tookMs !== undefined && { tookMs: Math.round(tookMs * 10) / 10 })
  }
}

/** All findings, in the order of the examinations. Never rejects but for the reason of `signal`. */
export async function examineAll(
  { clock }: { readonly clock: Clock },
  examinations: readonly Examination[],
  signal: AbortSignal
): Promise<Check[]> {
  const found = await Promise.all(
    examinations.map((examination) => examineOne(clock, examination, signal))
  )
  signal.throwIfAborted()
  return found.flat()
}

/** Before the deadline: who is cut short can still say at which step. */
const LAST_WORDS_MS = 300

async function examineOne(
  clock: Clock,
  { area, name, look }: Examination,
  signal: AbortSignal
): Promise<readonly Check[]> {
  const begun = clock.monotonic()
  const deadlineMs = LIMITS.doctorCheck.value
  const hurry = linkedAbort(signal)
  const over = new AbortController()
  const cancel = clock.after(deadlineMs - LAST_WORDS_MS, () => {
    hurry.abort(new DOMException('the look takes too long', 'TimeoutError'))
  })
  const late = clock.sleep(deadlineMs, over.signal).then((): readonly Check[] => {
    const text = `${name}: no result within ${deadlineMs / 1000} s`
    return [checked(area, name, { state: 'unknown', code: 'late', text, tookMs: deadlineMs })]
  })
  const done = begin(look, hurry.signal).catch((error: unknown): readonly Check[] => {
    const { message, hint } = toLumosError(error)
    const tookMs = clock.monotonic() - begun
    return [checked(area, name, { state: 'unknown', code: 'failed', text: message, hint, tookMs })]
  })
  try {
    return await Promise.race([done, late])
  } finally {
    cancel()
    over.abort()
    hurry.release()
    hurry.abort(undefined)
  }
}

async function begin(look: Examination['look'], signal: AbortSignal): Promise<readonly Check[]> {
  return look(signal)
}

/** `promise`, or `undefined` once the signal aborts or it fails: for facts that one can do without. */
export function unlessLate<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return unlessAborted(promise, signal).catch(() => undefined)
}

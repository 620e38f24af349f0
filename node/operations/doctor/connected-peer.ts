/** What can be asked of a peer that is connected: whether it answers, its clock, and what it says of us. */
import type { Attempt, Check } from '../../../client/doctor-api.ts'
import { toLumosError } from '../../../core/errors.ts'
import type { LumosError } from '../../../core/errors.ts'
import type { PeerIdText } from '../../../core/ids.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { Session } from '../../../protocols/session/session.ts'
import { PING_METHOD } from '../peers.ts'
import { clockFinding, offsetOf } from './clocks.ts'
import { checked } from './examination.ts'
import type { Examination } from './examination.ts'
import type { DoctorParts } from './parts.ts'
import { askDial, askView } from './witness.ts'

export interface ConnectedSubject {
  readonly area: string
  /** How advice calls it. */
  readonly who: string
  readonly id: PeerIdText | undefined
}

/** Nothing without a session. */
export function connectedLooks(
  parts: DoctorParts,
  { area, id, who }: ConnectedSubject
): Examination[] {
  const session = id === undefined ? undefined : parts.assembly.wire.sessions.get(id)
  if (session === undefined) return []
  return [
    { area, name: 'session', look: (signal) => alive(parts, { area, who, session }, signal) },
    { area, name: 'clock', look: (signal) => clocks(parts, { area, who, session }, signal) },
    { area, name: 'dial back', look: (signal) => dialledBack({ area, who, session }, signal) }
  ]
}

interface Connected {
  readonly area: string
  readonly who: string
  readonly session: Session
}

const TRIES = 2
/** Seconds after which a peer is said to hang. */
export const SILENT_S = (TRIES * LIMITS.doctorAnswer.value) / 1000

/** Why the peer gives no sign of life. Twice: after a stall of this process an answer waits behind its deadline. */
export async function askAlive(
  session: Session,
  signal: AbortSignal
): Promise<LumosError | undefined> {
  const timeoutMs = LIMITS.doctorAnswer.value
  let failure: LumosError | undefined
  for (let tried = 0; tried < TRIES && !signal.aborted; tried += 1) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- the second only after the first
      await session.request(PING_METHOD, new Uint8Array(), { signal, timeoutMs })
      return undefined
    } catch (error) {
      failure = toLumosError(error)
      if (failure.code !== 'TIMED_OUT') return failure
    }
  }
  return failure
}

async function alive(
  { clock }: DoctorParts,
  { area, who, session }: Connected,
  signal: AbortSignal
): Promise<Check[]> {
  const begun = clock.monotonic()
  const error = await askAlive(session, signal)
  if (error !== undefined) {
    const { code, message } = error
    const tookMs = clock.monotonic() - begun
    const hangs = code === 'TIMED_OUT'
    const text = hangs
      ? `connected, but ${who} has not answered for ${SILENT_S} s: it hangs (stopped, or overloaded)`
      : `connected, but asking ${who} failed: ${message}`
    return [
      checked(area, 'session', {
        state: 'critical',
        code: hangs ? 'hung' : 'no-session',
        text,
        hint: `on ${who}: lumos restart; what it did last tells: lumos logs`,
        tookMs
      })
    ]
  }
  const tookMs = clock.monotonic() - begun
  const text = `${session.path}, Lumos ${session.hello.version}, swarm fits, answers within ${tookMs.toFixed(1)} ms`
  return [checked(area, 'session', { state: 'ok', text, tookMs })]
}

async function clocks(
  { clock }: DoctorParts,
  { area, who, session }: Connected,
  signal: AbortSignal
): Promise<Check[]> {
  const offset = await offsetOf(clock, session, signal)
  return [checked(area, 'clock', clockFinding([{ name: who, offsetMs: offset }], clock.now()))]
}

/** What they say about dialling us. */
async function dialledBack(
  { area, who, session }: Connected,
  signal: AbortSignal
): Promise<Check[]> {
  try {
    const [{ seen }, { dialled, reason }] = await Promise.all([
      askView(session, signal),
      askDial(session, signal)
    ])
    const from = seen.length === 0 ? '' : `; it sees this node at ${seen.join(', ')}`
    const tried = dialled.map(({ address, ok, text }): Attempt => ({ step: address, ok, text }))
    const works = dialled.filter(({ ok }) => ok).length
    if (dialled.length === 0) {
      const text = `${who} did not dial back: ${REASONS[reason ?? 'no-address']}${from}`
      return [checked(area, 'dial back', { state: 'ok', text })]
    }
    const text = `${who} dialled this node back at ${works} of ${dialled.length} addresses${from}`
    if (works > 0) return [checked(area, 'dial back', { state: 'ok', text, tried })]
    const hint = 'lumos doctor   tells whether anybody reaches this node'
    return [
      checked(area, 'dial back', { state: 'warning', code: 'not-dialled-back', text, hint, tried })
    ]
  } catch (error) {
    const { code } = toLumosError(error)
    // A peer that hangs is told of above.
    const text =
      code === 'TIMED_OUT' ? `${who} gave no answer` : `${who} cannot tell: an older version?`
    return [checked(area, 'dial back', { state: 'ok', text })]
  }
}

const REASONS = {
  busy: 'it dials others just now',
  relayed: 'it knows this node by a relay only',
  'no-address': 'it has no address of this node where this node comes from'
} as const

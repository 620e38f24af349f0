/** Compares clocks: what peers say now against ours, and of several the median decides who is off. */
import type { Clock } from '../../../core/clock.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { Session } from '../../../protocols/session/session.ts'
import type { Finding } from './examination.ts'
import { askView } from './witness.ts'

export interface Offset {
  readonly name: string
  /** Their clock less ours. */
  readonly offsetMs: number
}

/** Asked now; of a peer that cannot say, what its HELLO said. */
export async function offsetOf(
  clock: Clock,
  session: Session,
  signal: AbortSignal
): Promise<number> {
  try {
    const sent = clock.now()
    const view = await askView(session, signal)
    // It read its clock about half-way.
    return view.clock - (sent + clock.now()) / 2
  } catch {
    return session.hello.clock - session.openedAt
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low = 0, high = 0] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]]
  return (low + high) / 2
}

const SET = 'sudo timedatectl set-ntp true'

/** `now`: this node's wall clock, to show what it says. */
export function clockFinding(offsets: readonly Offset[], now: number): Finding {
  const most = LIMITS.clockSkew.value
  if (offsets.length === 0) return { state: 'ok', text: 'no peer to compare the clock with' }
  // This node's own clock has a voice, too: of two that disagree with a third, that one is off.
  const common = median([0, ...offsets.map(({ offsetMs }) => offsetMs)])
  const off = offsets.filter(({ offsetMs }) => Math.abs(offsetMs) >= most)
  if (off.length === 0) {
    const worst =
      offsets.map(({ offsetMs }) => Math.abs(offsetMs)).toSorted((a, b) => b - a)[0] ?? 0
    return { state: 'ok', text: `clock within ${Math.round(worst)} ms of ${peers(offsets.length)}` }
  }
  const shown = new Date(now).toISOString()
  const [first] = off
  if (offsets.length === 1 && first !== undefined) {
    const text = `clocks differ: that of ${first.name} is ${span(first.offsetMs)} ours (${shown}); one of both is off`
    const hint = `date -u   on both; on the one that is off: ${SET}`
    return { state: 'warning', code: 'clock-off', text, hint }
  }
  if (Math.abs(common) >= most) {
    const text = `this node's clock is off: it says ${shown}, and the median of ${peers(offsets.length)} is ${span(common)} it`
    return { state: 'critical', code: 'clock-off', text, hint: SET }
  }
  const names = off.map(({ name, offsetMs }) => `${name} (${span(offsetMs)} ours)`).join(', ')
  const text = `the clock of ${names} is off; this node's agrees with the median of ${peers(offsets.length)}`
  return { state: 'warning', code: 'clock-off', text, hint: `on ${first?.name}: ${SET}` }
}

function peers(count: number): string {
  return count === 1 ? '1 peer' : `${count} peers`
}

function span(offsetMs: number): string {
  const seconds = Math.round(Math.abs(offsetMs) / 1000)
  const text = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
  return `${text} ${offsetMs > 0 ? 'ahead of' : 'behind'}`
}

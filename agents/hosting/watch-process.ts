/** Ends a hosted process that uses too much memory, or whose code never gives way. */
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import type { HostProcess } from './host-process.ts'

const MIB = 1024 * 1024
/** Looks between two pings: an answer may take as long as a quarter of the silence that is allowed. */
const LOOKS_PER_PING = LIMITS.hostSilence.value / LIMITS.hostWatch.value / 4

export interface WatchComponents {
  readonly clock: Clock
  readonly process: Pick<HostProcess, 'residentBytes'>
  readonly kill: (why: string) => void
}

export interface WatchInit {
  readonly memoryBytes: number
  /** Lines heard so far; negative while nobody listens, which is no silence of the process. */
  readonly heard: () => number
  /** Absent for programs that do not answer. */
  readonly ping: ((n: number) => void) | undefined
  /** Ends the watch. */
  readonly signal: AbortSignal
}

export async function watchProcess(
  { clock, process, kill }: WatchComponents,
  { memoryBytes, heard, ping, signal }: WatchInit
): Promise<void> {
  let before = heard()
  let silentMs = 0
  for (let look = 1; await clock.sleep(LIMITS.hostWatch.value, signal); look++) {
    if ((process.residentBytes() ?? 0) > memoryBytes) {
      return kill(`it used more than ${Math.round(memoryBytes / MIB)} MiB of memory`)
    }
    if (ping === undefined) continue
    const now = heard()
    // Counted in looks, not by the clock: when the node itself stood still, nobody was silent.
    silentMs = now === before && now >= 0 ? silentMs + LIMITS.hostWatch.value : 0
    before = now
    if (silentMs >= LIMITS.hostSilence.value) {
      return kill(`it gave no sign of life for ${silentMs} ms`)
    }
    if (look % LOOKS_PER_PING === 0) ping(look)
  }
}

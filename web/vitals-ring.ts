/** The last minutes of the node in numbers, for sparklines: each look asks only for what is new. */
import { signal } from '@preact/signals-core'
import type { ReadonlySignal } from '@preact/signals-core'
import type { Client } from '../client/browser.ts'
import type { PeerVitals, VitalsSample } from '../client/vitals-api.ts'
import type { WebClock } from './clock.ts'
import { codeOf } from './failure.ts'

export interface VitalsRingParts {
  readonly client: Pick<Client, 'vitals'>
  readonly clock: WebClock
  readonly stopped: AbortSignal
  readonly isVisible: () => boolean
  /** Peers have given this node work, or have had it done. */
  readonly onWork: () => void
}

export interface VitalsRing {
  /** Oldest first. */
  readonly samples: ReadonlySignal<readonly VitalsSample[]>
  readonly peers: ReadonlySignal<readonly PeerVitals[]>
  /** False for a node that does not know the question. */
  readonly isKnown: ReadonlySignal<boolean>
  /** Goes on by itself from then on. */
  read(): Promise<void>
}

const INTERVAL_MS = 2000
/** Ten minutes of a sample a second. */
const MOST = 600

export function createVitalsRing({
  client,
  clock,
  stopped,
  isVisible,
  onWork
}: VitalsRingParts): VitalsRing {
  const samples = signal<readonly VitalsSample[]>([])
  const peers = signal<readonly PeerVitals[]>([])
  const isKnown = signal(true)
  let instance = ''

  async function look(): Promise<void> {
    const since = samples.peek().at(-1)?.seq
    const vitals = await client.vitals(since === undefined ? {} : { since }, { signal: stopped })
    // Another process counts from 1 again: what it was asked for was not its own.
    const isSame = vitals.instance === instance
    const fresh = vitals.history.filter(({ seq }) => !isSame || seq > (since ?? 0))
    instance = vitals.instance
    samples.value = [...(isSame ? samples.peek() : []), ...fresh].slice(-MOST)
    peers.value = vitals.peers
    const hasWorked = fresh.some(
      ({ tasksIn }) => tasksIn.started + tasksIn.completed + tasksIn.failed > 0
    )
    if (hasWorked) onWork()
  }

  async function read(): Promise<void> {
    try {
      if (isVisible()) await look()
    } catch (error) {
      // Other failures are told by the link.
      if (codeOf(error) === 'ROUTE_UNKNOWN') isKnown.value = false
    }
    if (!stopped.aborted && isKnown.peek()) clock.after(INTERVAL_MS, () => void read())
  }

  return { samples, peers, isKnown, read }
}

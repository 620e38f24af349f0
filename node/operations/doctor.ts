/** Looks for what keeps a node from being found, connected or useful, and says what to do about it. */
import { API_VERSION } from '../../client/api.ts'
import type { Check, DoctorReport } from '../../client/doctor-api.ts'
import type { Assembly } from '../assembly.ts'
import type { LoopMonitor } from '../metrics/loop-monitor.ts'
import { discoveryLooks } from './doctor/discovery.ts'
import { checked, examineAll } from './doctor/examination.ts'
import { hostLooks } from './doctor/host.ts'
import { networkLooks } from './doctor/network.ts'
import { doctorParts } from './doctor/parts.ts'
import type { DoctorParts } from './doctor/parts.ts'
import { examinePeer } from './doctor/peer.ts'
import { peersLooks } from './doctor/peers.ts'
import { workLooks } from './doctor/work.ts'

export interface DoctorQuestion {
  readonly loop: LoopMonitor
  /** A name, a PeerId or its beginning, a multiaddr or `host:port`; `undefined`: the node as a whole. */
  readonly peer: string | undefined
}

/**
 * Everything is looked at at the same time, and each look has its own deadline: the answer is there
 * within LIMITS.doctorCheck, whatever hangs.
 *
 * @throws PEER_UNKNOWN, PEER_AMBIGUOUS, INVALID_REQUEST; the reason of the signal
 */
export async function examine(
  assembly: Assembly,
  { loop, peer }: DoctorQuestion,
  signal: AbortSignal
): Promise<DoctorReport> {
  const parts = doctorParts(assembly)
  if (peer !== undefined) return { v: API_VERSION, checks: await examinePeer(parts, peer, signal) }
  const looks = [
    ...hostLooks(parts, loop),
    ...networkLooks(parts),
    { area: 'Swarm', name: 'key', look: () => [swarmCheck(parts)] },
    ...peersLooks(parts),
    ...discoveryLooks(parts),
    ...workLooks(parts)
  ]
  return { v: API_VERSION, checks: await examineAll(parts, looks, signal) }
}

function swarmCheck({ assembly }: DoctorParts): Check {
  const { name, id, key } = assembly.wire.swarm
  if (key !== undefined) {
    return checked('Swarm', 'key', { state: 'ok', text: `${name} (private, id ${id})` })
  }
  return checked('Swarm', 'key', {
    state: 'warning',
    code: 'open-swarm',
    text: `${name} is open: anybody on the network can take part`,
    hint: 'lumos swarm create NAME   makes one with a key, unless you mean it'
  })
}

/** The doctor's part of the control API, and its answers to peers; what is seldom asked for is loaded then. */
import type { ControlOperations } from '../../../gateway/control/operations.ts'
import type { Assembly } from '../../assembly.ts'
import type { LoopMonitor } from '../../metrics/loop-monitor.ts'
import type { Probe, ProbeInit } from './probe.ts'
import { serveWitness } from './witness.ts'

/** Answers `doctor.view` and `doctor.dial` of peers from now on. */
export function createDoctorOperations(
  assembly: Assembly,
  loop: LoopMonitor
): Pick<ControlOperations, 'doctor' | 'fix'> {
  serveWitness({
    clock: assembly.components.clock,
    network: assembly.wire.network,
    sessions: assembly.wire.sessions,
    probe: (peer, signal) => probeForPeer(assembly, peer, signal)
  })
  return {
    async doctor(peer, signal) {
      const { examine } = await import('../doctor.ts')
      return examine(assembly, { loop, peer }, signal)
    },
    async fix({ fixes }) {
      const { applyFixes } = await import('./fixes.ts')
      return applyFixes(assembly, fixes)
    }
  }
}

async function probeForPeer(
  assembly: Assembly,
  init: ProbeInit,
  signal: AbortSignal
): Promise<Probe> {
  const [{ doctorParts }, { probeAddress }] = await Promise.all([
    import('./parts.ts'),
    import('./probe.ts')
  ])
  return probeAddress(doctorParts(assembly), init, signal)
}

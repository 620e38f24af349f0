/** What the looks of `lumos doctor` need of a node. */
import type { PeerIdText } from '../../../core/ids.ts'
import type { Assembly } from '../../assembly.ts'
import { wallKeys } from '../../swarm.ts'
import type { ProbeComponents } from './probe.ts'

export interface DoctorParts extends ProbeComponents {
  readonly assembly: Assembly
}

export function doctorParts(assembly: Assembly): DoctorParts {
  const { components, wire } = assembly
  const { book, swarm } = wire.nodeSwarm
  return {
    assembly,
    clock: components.clock,
    random: components.random,
    network: wire.network,
    keys: () => wallKeys(book, swarm),
    nameOf: (peer) => callName(assembly, peer)
  }
}

/** How people call a peer; empty for one that never said. */
function callName({ wire, capabilities, finding }: Assembly, peer: PeerIdText): string {
  const { directory } = capabilities
  return (
    wire.sessions.get(peer)?.hello.name ??
    directory.peer(peer)?.name ??
    finding.finder.known().find((known) => known.peer === peer)?.name ??
    ''
  )
}

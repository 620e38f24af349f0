/** The mesh on request of a person: who is connected to whom, and by which way. */
import { peerIdFromString } from '@libp2p/peer-id'
import type { PeerIdText } from '../../core/ids.ts'
import { createMeshLinks } from '../../discovery/mesh-links.ts'
import type { LinkNote } from '../../discovery/mesh-links.ts'
import type { MeshOperations } from '../../gateway/control/mesh-operations.ts'
import type { Assembly } from '../assembly.ts'
import type { Network } from '../libp2p.ts'
import type { Wire } from '../wire.ts'
import { meshGraph } from './mesh-graph.ts'
import { peerViews } from './peer-views.ts'

/** Also answers `mesh.links` of peers. */
export function createMeshOperations(assembly: Assembly): MeshOperations {
  const { components, wire, capabilities, init } = assembly
  const { clock } = components
  const own = (): readonly LinkNote[] => ownLinks(wire)
  const links = createMeshLinks({ clock, sessions: wire.sessions, own })
  links.serve()
  return {
    async graph(signal) {
      const survey = await links.survey(signal)
      return meshGraph({
        self: wire.identity.peer,
        version: init.version,
        own: own(),
        peers: peerViews(assembly),
        records: capabilities.directory.peers(),
        survey,
        now: clock.monotonic()
      })
    }
  }
}

function ownLinks({ network, sessions }: Pick<Wire, 'network' | 'sessions'>): readonly LinkNote[] {
  return sessions.all().map(({ peer, hello, path, roundTripMs }) => {
    const via = path === 'relay' ? relayOf(network, peer) : undefined
    return {
      peer,
      name: hello.name,
      path,
      ...(via !== undefined && { via }),
      ...(roundTripMs !== undefined && { rttMs: roundTripMs })
    }
  })
}

const THROUGH_RELAY = /\/p2p\/([^/]+)\/p2p-circuit/

/** Who passes on what goes to the peer. */
export function relayOf({ libp2p }: Network, peer: PeerIdText): PeerIdText | undefined {
  for (const { remoteAddr, limits } of libp2p.getConnections(peerIdFromString(peer))) {
    const relay = limits && THROUGH_RELAY.exec(remoteAddr.toString())?.[1]
    if (relay) return relay
  }
  return undefined
}

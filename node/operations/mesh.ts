/** The mesh on request of a person: who is connected to whom, and by which way. */
import { createMeshLinks } from '../../discovery/peers/mesh-links.ts'
import type { LinkNote } from '../../discovery/peers/mesh-links.ts'
import type { MeshOperations } from '../../gateway/control/mesh-operations.ts'
import type { Assembly } from '../assembly.ts'
import type { Wire } from '../wire.ts'
import { peerViews } from './peer-views.ts'
import { connectionTo, relayOf } from './ways.ts'

/** Few nodes are ever looked at: what makes the pictures is loaded for who looks. */
const views = () => import('./mesh-views.ts')

/** Also answers `mesh.links` of peers. */
export function createMeshOperations(assembly: Assembly): MeshOperations {
  const { components, wire, capabilities, init } = assembly
  const { clock } = components
  const own = (): readonly LinkNote[] => ownLinks(wire)
  const links = createMeshLinks({ clock, sessions: wire.sessions, own })
  links.serve()
  return {
    async graph(signal) {
      const { meshGraph } = await import('./mesh-graph.ts')
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
    },
    routes: async () => (await views()).meshRoutes(assembly),
    topics: async () => (await views()).meshTopics(assembly),
    dht: async (lookup, signal) => (await views()).meshDht(assembly, lookup, signal),
    async trace(selector, signal) {
      const { tracePeer } = await import('./peer-trace.ts')
      return tracePeer(assembly, selector, signal)
    }
  }
}

function ownLinks({ network, sessions }: Pick<Wire, 'network' | 'sessions'>): readonly LinkNote[] {
  return sessions.all().map(({ peer, hello, path, roundTripMs }) => {
    const connection = path === 'relay' ? connectionTo(network, peer, path) : undefined
    const via = connection && relayOf(connection)
    return {
      peer,
      name: hello.name,
      path,
      ...(via !== undefined && { via }),
      ...(roundTripMs !== undefined && { rttMs: roundTripMs })
    }
  })
}

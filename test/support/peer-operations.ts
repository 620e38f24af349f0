/** Peers as the control API tells of them: one with every field. */
import type { Peer } from '../../client/api.ts'
import type { PeerDetails } from '../../client/peers-api.ts'
import type { ControlOperations } from '../../gateway/control/operations.ts'

const node = { id: '12D3KooWPeer', name: 'amber-otter' }
const moment = '2026-01-02T03:04:05.678Z'
const error = { code: 'NO_ROUTE', message: 'no route', hint: 'wait', details: { tried: 2 } }

const peer: Required<Peer> = {
  ...node,
  state: 'refused',
  path: 'relay',
  addresses: ['/ip4/127.0.0.1/tcp/1'],
  rttMs: 1.5,
  agents: ['echo'],
  version: '0.1.0',
  load: 0.5,
  since: moment,
  foundBy: ['mdns'],
  error
}

const details: Required<PeerDetails> = {
  v: 1,
  peer,
  role: 'member',
  quotas: { callRate: 10_000 },
  block: { at: moment, reason: 'spam', until: moment },
  blame: { points: 2.5, reason: 'PROTOCOL_VIOLATION', agoMs: 12_000 }
}

type PeerOperations = Pick<
  ControlOperations,
  'peers' | 'peer' | 'connectPeer' | 'disconnectPeer' | 'blockPeer' | 'unblockPeer' | 'pingPeer'
>

export function fakePeers(): PeerOperations {
  return {
    peers: async () => ({ v: 1, peers: [peer] }),
    connectPeer: async () => ({ v: 1, peer }),
    disconnectPeer: async () => ({ v: 1, peer }),
    peer: async () => details,
    blockPeer: async () => details,
    unblockPeer: async () => ({ v: 1, peer, quotas: {} }),
    pingPeer: async (id) => ({ v: 1, id, name: node.name, rttMs: 1, path: 'direct' })
  }
}

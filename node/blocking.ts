/** Blocks peers: their connections end at once, and each one that they try is noted. */
import { peerIdFromString } from '@libp2p/peer-id'
import type { Component } from '../core/component.ts'
import { LumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { AuditLog } from '../trust/audit-log.ts'
import { createBlocklist } from '../trust/blocklist.ts'
import type { Block, Blocklist } from '../trust/blocklist.ts'
import type { Membership } from '../trust/membership.ts'
import type { Network } from './libp2p.ts'
import type { NodeComponents } from './wire.ts'

export interface BlockingComponents extends NodeComponents {
  readonly network: Pick<Network, 'libp2p' | 'events'>
  readonly membership: Membership
  readonly audit: Pick<AuditLog, 'note'>
}

/** Start it before the network. */
export function createBlocking(
  { clock, logger, network, membership, audit }: BlockingComponents,
  init: { readonly dataDirectory: string }
): Blocklist & Component {
  const log = logger.child('trust')
  const list = createBlocklist(
    { clock, logger: log, membership },
    { directory: init.dataDirectory }
  )

  function onDenied(peer: PeerIdText): void {
    if (list.of(peer) === undefined) return
    audit.note({ who: peer, did: 'connect', allowed: false, reason: 'blocked' })
  }

  function endConnections(peer: PeerIdText): void {
    const reason = new LumosError('SESSION_CLOSED', { details: { peer } })
    for (const one of network.libp2p.getConnections(peerIdFromString(peer))) one.abort(reason)
  }

  return {
    ...forwarded(list),
    async start() {
      await list.start()
      network.events.on('denied', onDenied)
    },
    async stop() {
      network.events.off('denied', onDenied)
      await list.stop()
    },
    async block(block: Omit<Block, 'at'>) {
      const written = list.block(block)
      endConnections(block.peer)
      await written
      log.info('a peer is blocked', { peer: block.peer })
    }
  }
}

function forwarded(list: Blocklist): Pick<Blocklist, 'unblock' | 'of' | 'all'> {
  return {
    unblock: (peer) => list.unblock(peer),
    of: (peer) => list.of(peer),
    all: () => list.all()
  }
}

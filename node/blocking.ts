/** Blocks peers: their connections end at once, and each one that they try is noted. */
import { peerIdFromString } from '@libp2p/peer-id'
import type { Component } from '../core/component.ts'
import { LumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { AuditLog } from '../trust/audit-log.ts'
import { createBlocklist } from '../trust/blocklist.ts'
import type { Block, Blocklist } from '../trust/blocklist.ts'
import type { SwarmBook } from '../trust/members/swarm-book.ts'
import type { Membership } from '../trust/membership.ts'
import type { Network } from './libp2p/network.ts'
import type { NodeComponents } from './wire.ts'

export interface BlockingComponents extends NodeComponents {
  readonly network: Pick<Network, 'libp2p' | 'events'>
  readonly membership: Membership
  readonly audit: Pick<AuditLog, 'note'>
  /** What the members list says of keys that were succeeded. */
  readonly book: Pick<SwarmBook, 'events' | 'roll'>
}

/** Start it before the network. */
export function createBlocking(
  { clock, logger, network, membership, audit, book }: BlockingComponents,
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

  /** Another key is no way around a block. */
  async function follow(): Promise<void> {
    for (const { peer } of list.all()) {
      const heir = book.roll?.heirOf(peer)
      if (heir === undefined) continue
      // In force at once; the files are written one after the other.
      const written = list.follow(peer, heir)
      endConnections(heir)
      // oxlint-disable-next-line no-await-in-loop -- as above
      await written
      log.info('a blocked peer has another key, and stays blocked', { peer, heir })
    }
  }

  const onChanged = (): void => {
    follow().catch((error: unknown) => log.error('a block was not written', { error }))
  }

  return {
    ...forwarded(list),
    async start() {
      await list.start()
      await follow()
      book.events.on('changed', onChanged)
      network.events.on('denied', onDenied)
    },
    async stop() {
      network.events.off('denied', onDenied)
      book.events.off('changed', onChanged)
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

function forwarded(list: Blocklist): Pick<Blocklist, 'unblock' | 'follow' | 'of' | 'all'> {
  return {
    unblock: (peer) => list.unblock(peer),
    follow: (peer, heir) => list.follow(peer, heir),
    of: (peer) => list.of(peer),
    all: () => list.all()
  }
}

/** A peer that a person blocks is gone at once, and comes back only when it may. */
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test, vi } from 'vitest'
import type { Assembly } from '../../node/assembly.ts'
import { blockPeer, showPeer, unblockPeer } from '../../node/operations/blocking.ts'
import { listPeers } from '../../node/operations/peers.ts'
import { a2aBetween, startAssembly } from '../support/a2a-nodes.ts'

const PATIENCE = { timeout: 10_000, interval: 20 }

async function dial(from: Assembly, to: Assembly): Promise<unknown> {
  const [address = ''] = to.wire.network.addresses()
  return from.wire.network.libp2p.dial(multiaddr(address))
}

test('a block ends the connection, keeps the peer out both ways, and is noted', async () => {
  const [a, b] = await Promise.all([startAssembly(), startAssembly()])
  try {
    const [mine, theirs] = [a.assembly, b.assembly]
    const eve = theirs.wire.identity.peer
    await a2aBetween(mine, theirs)
    const details = await blockPeer(mine, eve, { reason: 'floods us', forMs: 3_600_000 })
    expect(details).toMatchObject({
      peer: { id: eve, state: 'blocked' },
      block: { reason: 'floods us' }
    })
    expect(mine.wire.network.libp2p.getConnections()).toEqual([])
    await expect(dial(mine, theirs)).rejects.toThrow(/blocked by gater/)
    await dial(theirs, mine).catch(() => undefined)
    await vi.waitFor(async () => {
      expect(theirs.wire.network.libp2p.getConnections()).toEqual([])
      const noted = await Array.fromAsync(mine.wire.authority.audit.read({ who: eve }))
      expect(noted).toContainEqual(
        expect.objectContaining({ did: 'connect', allowed: false, reason: 'blocked' })
      )
    }, PATIENCE)
    expect(mine.wire.sessions.get(eve)).toBeUndefined()
    expect(listPeers(mine).peers.map(({ state }) => state)).toEqual(['blocked'])
    await unblockPeer(mine, eve)
    await a2aBetween(mine, theirs)
    const after = showPeer(mine, eve)
    expect(after.peer.state).toBe('connected')
    expect(after.block).toBeUndefined()
  } finally {
    await Promise.all([a.stop(), b.stop()])
  }
}, 30_000)

test('a stranger is blocked by its PeerId, and a node never blocks itself', async () => {
  const node = await startAssembly()
  const { assembly } = node
  try {
    const stranger = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf'
    expect((await blockPeer(assembly, stranger, {})).peer.state).toBe('blocked')
    await expect(blockPeer(assembly, 'nobody', {})).rejects.toMatchObject({ code: 'PEER_UNKNOWN' })
    await expect(blockPeer(assembly, assembly.wire.identity.peer, {})).rejects.toMatchObject({
      code: 'INVALID_REQUEST'
    })
    await unblockPeer(assembly, stranger)
    expect(listPeers(assembly).peers).toEqual([])
  } finally {
    await node.stop()
  }
})

/** A peer is reached by its id although it has moved: over real sockets, between nodes that look for nobody by themselves. */
import { multiaddr } from '@multiformats/multiaddr'
import { expect, onTestFinished, test, vi } from 'vitest'
import { seededIdentity, startMeshNode } from '../support/mesh-node.ts'
import type { MeshNode, MeshNodeInit } from '../support/mesh-node.ts'
import { PATIENCE } from '../support/patience.ts'

/** It looks for nobody by itself. */
async function start(init: MeshNodeInit = {}): Promise<MeshNode> {
  const node = await startMeshNode({ ...init, looks: false })
  onTestFinished(() => node.stop())
  return node
}

async function meet(node: MeshNode, other: MeshNode): Promise<void> {
  await node.network.libp2p.dial(multiaddr(other.network.addresses()[0]))
  await node.sessions.connect(other.peer)
}

/** Both know each other by a third node, and have parted. */
async function acquainted() {
  const identity = await seededIdentity(7)
  const [asker, friend] = await Promise.all([start(), start()])
  const mover = await start({ identity })
  await meet(asker, friend)
  await meet(mover, friend)
  await meet(asker, mover)
  await mover.stop()
  await vi.waitFor(() => expect(asker.sessions.get(mover.peer)).toBeUndefined(), PATIENCE)
  return { asker, friend, identity, mover }
}

test('a peer that came back elsewhere is found where it is', async () => {
  const { asker, friend, identity, mover } = await acquainted()
  const moved = await start({ identity })
  expect(moved.network.addresses()).not.toEqual(mover.network.addresses())
  await meet(moved, friend)
  const session = await asker.sessions.connect(moved.peer)
  expect(session.peer).toBe(moved.peer)
})

test('where a peer says that it is comes before where it was and before a search', async () => {
  const { friend, identity } = await acquainted()
  const told: string[] = []
  const asker = await start({ addressesOf: () => told })
  await meet(asker, friend)
  const moved = await start({ identity })
  told.push(...moved.network.addresses())
  // Nobody has met it since.
  const session = await asker.sessions.connect(moved.peer)
  expect(session.peer).toBe(moved.peer)
})

test('of a peer that is nowhere it is said why its last address failed', async () => {
  const { asker, mover } = await acquainted()
  const connecting = asker.sessions.connect(mover.peer)
  await expect(connecting).rejects.toMatchObject({
    code: 'PEER_UNREACHABLE',
    cause: expect.objectContaining({ message: expect.stringContaining('ECONNREFUSED') })
  })
})

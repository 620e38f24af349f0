/** Real nodes find each other in every way there is, find each other again, and tell strangers apart. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect, onTestFinished, test } from 'vitest'
import { REMEMBERED_FILE } from '../../discovery/remembered.ts'
import { PEERS_FOLDER } from '../../discovery/same-host.ts'
import { identityOf } from '../../trust/identity.ts'
import { startMeshNode, testSwarm } from '../support/mesh-node.ts'
import type { MeshNode, MeshNodeInit } from '../support/mesh-node.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

async function node(init: MeshNodeInit = {}): Promise<MeshNode> {
  const started = await startMeshNode(init)
  onTestFinished(() => started.stop())
  return started
}

async function meet(a: MeshNode, b: MeshNode): Promise<void> {
  await expect.poll(() => a.sessions.get(b.peer)?.peer, { timeout: 5000 }).toBe(b.peer)
  await expect.poll(() => b.sessions.get(a.peer)?.peer, { timeout: 5000 }).toBe(a.peer)
}

function goalOf(of: MeshNode, peer: MeshNode) {
  return of.finding.finder.goals().find((goal) => goal.peer === peer.peer)
}

test('by the runtime directory of their user', async () => {
  const runtimeDirectory = await temporaryDirectory()
  const [amber, birch] = await Promise.all([
    node({ runtimeDirectory, name: 'amber' }),
    node({ runtimeDirectory, name: 'birch' })
  ])
  await meet(amber, birch)
  const seen = [goalOf(amber, birch), goalOf(birch, amber)]
  expect(seen.map((goal) => goal?.name)).toEqual(['birch', 'amber'])
  expect(seen.flatMap((goal) => goal?.foundBy)).toContain('same-host')
  const connections = amber.network.libp2p.getConnections()
  expect(connections, 'one dials, the other waits').toHaveLength(1)
})

test('by a bootstrap address, with or without the peer id in it', async () => {
  const hub = await node()
  const [address = ''] = hub.network.addresses()
  const [named, bare] = await Promise.all([
    node({ bootstrap: [address] }),
    node({ bootstrap: [address.replace(/\/p2p\/.*/, '')] })
  ])
  await meet(named, hub)
  await meet(bare, hub)
  expect(goalOf(bare, hub)).toMatchObject({
    state: 'connected',
    pinned: true,
    foundBy: ['bootstrap']
  })
})

test('by a peer of a peer', async () => {
  const hub = await node()
  const bootstrap = hub.network.addresses()
  const [amber, birch] = await Promise.all([node({ bootstrap }), node({ bootstrap })])
  await meet(amber, birch)
  expect([goalOf(amber, birch), goalOf(birch, amber)].flatMap((goal) => goal?.foundBy)).toContain(
    'exchange'
  )
})

test('by the addresses remembered from last time', async () => {
  const hub = await node()
  const dataDirectory = await temporaryDirectory()
  const first = await startMeshNode({ dataDirectory, bootstrap: hub.network.addresses() })
  await meet(first, hub)
  await first.stop()
  const second = await node({ dataDirectory })
  await meet(second, hub)
  expect(goalOf(second, hub)?.foundBy).toContain('remembered')
})

test('again, after a peer came back with its key at another port', async () => {
  const runtimeDirectory = await temporaryDirectory()
  const identity = identityOf(await generateKeyPair('Ed25519'))
  const stays = await node({ runtimeDirectory })
  const before = await startMeshNode({ runtimeDirectory, identity })
  await meet(stays, before)
  await before.stop()
  const after = await node({ runtimeDirectory, identity })
  await meet(stays, after)
  expect(goalOf(stays, after)).toMatchObject({ state: 'connected', attempts: 0 })
})

test('nodes of another swarm are named as such, and never dialled', async () => {
  const runtimeDirectory = await temporaryDirectory()
  const [ours, theirs] = await Promise.all([
    node({ runtimeDirectory }),
    node({ runtimeDirectory, swarm: testSwarm(100), name: 'theirs' })
  ])
  const { finder } = ours.finding
  await expect
    .poll(() => finder.foreign(), { timeout: 5000 })
    .toMatchObject([
      { peer: theirs.peer, swarm: testSwarm(100).id, name: 'theirs', foundBy: 'same-host' }
    ])
  expect(finder.goals()).toEqual([])
})

test.for([
  ['another key', testSwarm(100), testSwarm()],
  ['a key where this node has none', testSwarm(), { ...testSwarm(), key: undefined }]
] as const)(
  'a bootstrap node with %s is another swarm, not a broken network',
  async ([, theirs, ours]) => {
    const hub = await node({ swarm: theirs })
    const lost = await node({ swarm: ours, bootstrap: hub.network.addresses() })
    const first = () => lost.finding.finder.goals()[0]
    await expect.poll(() => first()?.state, { timeout: 5000 }).toBe('refused')
    expect(first()?.error).toMatchObject({ code: 'OTHER_SWARM' })
    expect(first()?.failures).toHaveLength(1)
  }
)

test('an address where nothing listens is told in words', async () => {
  const alone = await node({ bootstrap: ['/ip4/127.0.0.1/tcp/1'] })
  const first = () => alone.finding.finder.goals()[0]
  await expect
    .poll(() => first()?.failures, { timeout: 5000 })
    .toEqual([expect.objectContaining({ reason: 'connection refused: nothing listens there' })])
  expect(first()).toMatchObject({ state: 'disconnected', error: { code: 'PEER_UNREACHABLE' } })
})

test('a stopped node leaves no file where others look, and keeps its own', async () => {
  const runtimeDirectory = await temporaryDirectory()
  const dataDirectory = await temporaryDirectory()
  const hub = await node()
  const bootstrap = hub.network.addresses()
  const stopped = await startMeshNode({ runtimeDirectory, dataDirectory, bootstrap })
  await meet(stopped, hub)
  await stopped.stop()
  expect(await readdir(join(runtimeDirectory, PEERS_FOLDER))).toEqual([])
  expect(await readFile(join(dataDirectory, REMEMBERED_FILE), 'utf8')).toContain(hub.peer)
})

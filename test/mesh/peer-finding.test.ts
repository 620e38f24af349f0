/** Every way by which two nodes meet without being introduced by hand, with real connections. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { REMEMBERED_FILE } from '../../discovery/peers/remembered.ts'
import { PEERS_FOLDER } from '../../discovery/peers/same-host.ts'
import { forkMeshHost } from '../support/mesh-hosts.ts'
import { seededIdentity, startMeshNode, testSwarm } from '../support/mesh-node.ts'
import type { MeshNode, MeshNodeInit } from '../support/mesh-node.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const OTHER_SWARM = testSwarm(99)
/** A re-dial may wait for a backoff of some seconds. */
const PATIENCE = { timeout: 15_000, interval: 20 }

async function start(init: MeshNodeInit = {}): Promise<MeshNode> {
  const node = await startMeshNode(init)
  onTestFinished(() => node.stop())
  return node
}

async function startHost() {
  const host = await forkMeshHost()
  onTestFinished(() => host.kill())
  return host
}

function peersOf({ sessions }: MeshNode): readonly string[] {
  return sessions.all().map(({ peer }) => peer)
}

async function expectSession(a: MeshNode, b: Pick<MeshNode, 'peer'>): Promise<void> {
  await expect.poll(() => peersOf(a), PATIENCE).toContain(b.peer)
}

function withoutPeer(addresses: readonly string[]): string[] {
  return addresses.map((address) => address.split('/p2p/')[0] ?? '')
}

test('nodes with one runtime directory meet', async () => {
  const runtimeDirectory = await temporaryDirectory()
  const a = await start({ runtimeDirectory })
  const b = await start({ runtimeDirectory })
  await expectSession(a, b)
  await expectSession(b, a)
  const found = [a, b].flatMap(({ finding }) => finding.finder.known())
  // Whoever was not first to see the other's file calls it an incoming peer until it looks.
  expect(found.flatMap(({ foundBy }) => foundBy)).toContain('same-host')
})

test('a bootstrap address with a peer id leads to that peer', async () => {
  const a = await start()
  const b = await start({ bootstrap: a.network.addresses() })
  await expectSession(b, a)
  expect(b.finding.finder.goals()).toMatchObject([
    { peer: a.peer, pinned: true, state: 'connected' }
  ])
})

test('a bootstrap address without a peer id leads to whoever answers', async () => {
  const a = await start()
  const b = await start({ bootstrap: withoutPeer(a.network.addresses()) })
  await expectSession(b, a)
  expect(b.finding.finder.goals()).toMatchObject([{ peer: a.peer, pinned: true }])
})

test('a restarted node finds its swarm where it was, though the bootstrap node is gone', async () => {
  const identity = await seededIdentity(1)
  const dataDirectory = await temporaryDirectory()
  const hub = await start()
  const bootstrap = hub.network.addresses()
  const b = await start({ bootstrap })
  const first = await start({ bootstrap, identity, dataDirectory })
  await expectSession(first, b)

  await first.stop()
  await hub.stop()
  const again = await start({ identity, dataDirectory })

  await expectSession(again, b)
  const known = again.finding.finder.known().find(({ peer }) => peer === b.peer)
  expect(known?.foundBy).toContain('remembered')
})

test('a bootstrap node with another swarm key is called that, and not a broken network', async () => {
  const stranger = await start({ swarm: OTHER_SWARM })
  const node = await start({ bootstrap: stranger.network.addresses() })
  await expect
    .poll(() => node.finding.finder.goals(), PATIENCE)
    .toMatchObject([{ state: 'refused', error: { code: 'OTHER_SWARM' } }])
  expect(peersOf(stranger)).toEqual([])
})

test('a node of another swarm on this host is reported and never dialled', async () => {
  const runtimeDirectory = await temporaryDirectory()
  const stranger = await start({ swarm: OTHER_SWARM, runtimeDirectory, name: 'stranger' })
  const node = await start({ runtimeDirectory })
  const reported = { peer: stranger.peer, name: 'stranger', swarm: OTHER_SWARM.id }
  await expect.poll(() => node.finding.finder.foreign(), PATIENCE).toMatchObject([reported])
  expect(node.finding.finder.goals()).toEqual([])
})

test('a second process with the key of a running node does not start', async () => {
  const runtimeDirectory = await temporaryDirectory()
  const identity = await seededIdentity(2)
  const rival = { v: 1, peer: identity.peer, swarm: testSwarm().id, name: 'rival' }
  const folder = join(runtimeDirectory, PEERS_FOLDER)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const record = { ...rival, pid: process.ppid, instance: 'rival', addresses: [] }
  await writeFile(join(folder, `${identity.peer}.json`), JSON.stringify(record))
  await expect(startMeshNode({ identity, runtimeDirectory })).rejects.toMatchObject({
    code: 'DUPLICATE_KEY',
    details: { pid: process.ppid }
  })
})

test('a killed node is missed, and dialled again once it is back', async () => {
  const node = await start()
  const killed = await startHost()
  const listen = withoutPeer(
    await killed.start(1, { identity: 3, bootstrap: node.network.addresses() })
  )
  const peer = (await seededIdentity(3)).peer
  await expectSession(node, { peer })
  await expect.poll(() => node.finding.finder.known()[0]?.addresses, PATIENCE).toEqual(listen)

  await killed.kill()
  await expect.poll(() => peersOf(node), PATIENCE).toEqual([])
  // The one that comes back knows nobody: only the node that stayed can bring them together.
  const returned = await startHost()
  await returned.start(1, { identity: 3, listen })
  await expectSession(node, { peer })
})

test('two nodes that share only a bootstrap node hear of each other from it', async () => {
  const hub = await start()
  const bootstrap = hub.network.addresses()
  const [a, b] = await Promise.all([start({ bootstrap }), start({ bootstrap })])
  await expectSession(a, b)
  const found = [a, b].flatMap(({ finding }) => finding.finder.known())
  expect(found.flatMap(({ foundBy }) => foundBy)).toContain('exchange')
})

test('a bootstrap node that has a key where this node has none is another swarm, too', async () => {
  const hub = await start()
  const open = await start({
    swarm: { ...testSwarm(), key: undefined },
    bootstrap: hub.network.addresses()
  })
  const goal = () => open.finding.finder.goals()[0]
  await expect.poll(() => goal()?.state, PATIENCE).toBe('refused')
  expect(goal()?.error).toMatchObject({ code: 'OTHER_SWARM', details: { certain: true } })
})

test('an address where nothing listens is told in words', async () => {
  const alone = await start({ bootstrap: ['/ip4/127.0.0.1/tcp/1'] })
  const goal = () => alone.finding.finder.goals()[0]
  await expect.poll(() => goal()?.failures.length, PATIENCE).toBe(1)
  expect(goal()).toMatchObject({
    state: 'disconnected',
    error: { code: 'PEER_UNREACHABLE' },
    failures: [{ reason: 'connection refused: nothing listens there' }]
  })
})

test('a stopped node leaves no file where others look, and keeps its own', async () => {
  const runtimeDirectory = await temporaryDirectory()
  const dataDirectory = await temporaryDirectory()
  const hub = await start()
  const bootstrap = hub.network.addresses()
  const stopped = await start({ runtimeDirectory, dataDirectory, bootstrap })
  await expectSession(stopped, hub)
  await stopped.stop()
  expect(await readdir(join(runtimeDirectory, PEERS_FOLDER))).toEqual([])
  expect(await readFile(join(dataDirectory, REMEMBERED_FILE), 'utf8')).toContain(hub.peer)
})

/** Multicast DNS between real network namespaces; never in the root one, where it would leave the machine. */
import { describe, expect, onTestFinished, test } from 'vitest'
import type { MeshHostInit } from '../support/mesh-host.ts'
import { forkMeshHost } from '../support/mesh-hosts.ts'
import type { MeshHost } from '../support/mesh-hosts.ts'
import { layCable, whyNoNamespaces } from '../support/network-namespaces.ts'

const OTHER_SWARM = 99
const FOUND_MS = 15_000

const reason = whyNoNamespaces()

async function setup(): Promise<readonly MeshHost[]> {
  const cable = await layCable()
  onTestFinished(() => cable.remove())
  const [near, far] = cable.ends
  const hosts = await Promise.all([near, far, far].map((end) => forkMeshHost(end)))
  onTestFinished(async () => {
    await Promise.all(hosts.map((host) => host.kill()))
  })
  return hosts
}

async function start(host: MeshHost | undefined, init: MeshHostInit = {}) {
  await host?.start(1, { mdns: true, listen: ['/ip4/0.0.0.0/tcp/0'], ...init })
  return view(host)
}

async function view(host: MeshHost | undefined) {
  const [node] = (await host?.views()) ?? []
  if (node === undefined) throw new Error('no node')
  return node
}

describe.skipIf(reason !== undefined)(`mDNS (${reason ?? 'between namespaces'})`, () => {
  test('two nodes of a swarm find each other; one of another swarm is seen and not dialled', async () => {
    const [near, far, stranger] = await setup()
    const other = await start(stranger, { swarm: OTHER_SWARM })
    const b = await start(far)
    const a = await start(near)

    await expect
      .poll(async () => (await view(near)).sessions, { timeout: FOUND_MS })
      .toEqual([b.peer])
    await expect.poll(async () => (await view(far)).sessions).toEqual([a.peer])
    await expect
      .poll(async () => (await view(near)).foreign, { timeout: FOUND_MS })
      .toMatchObject([{ peer: other.peer, foundBy: 'mdns' }])
    expect(await view(stranger)).toMatchObject({ sessions: [], contacts: 0 })
  })
})

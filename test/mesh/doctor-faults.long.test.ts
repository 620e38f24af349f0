/** Faults that keep nodes apart, each really injected: the doctor names the true cause, how to mend it, and nothing else. */
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Check } from '../../client/doctor-api.ts'
import { KAD_PROTOCOL } from '../../node/libp2p/network.ts'
import { closedPort, complaints, NONE, others, startDoctorNode } from '../support/doctor-node.ts'
import type { DoctorNode } from '../support/doctor-subject.ts'
import { createLumos } from '../support/lumos.ts'
import { startModelServer } from '../support/model-server.ts'
import { smallDisk } from '../support/small-disk.ts'
import { testFolder } from '../support/started-nodes.ts'

const OTHER_KEY = 'fedcba9876543210'.repeat(4)
const MINUTE = 60_000
/** Longer than it takes until a new connection is judged; shorter than clocks may differ. */
const SETTLED_MS = 20_000

async function met(...nodes: readonly DoctorNode[]): Promise<void> {
  await expect
    .poll(() => nodes.map(({ assembly }) => assembly.wire.sessions.all().length > 0))
    .toEqual(nodes.map(() => true))
}

/** A peer that is well, so that nothing else is the matter. */
async function withFriend(init: Parameters<typeof startDoctorNode>[0] = {}): Promise<DoctorNode> {
  const friend = await startDoctorNode({ name: 'friend' })
  const node = await startDoctorNode({
    name: 'asker',
    ...init,
    bootstrap: [friend.address, ...(init.bootstrap ?? [])]
  })
  await met(node)
  return node
}

function clocks(checks: readonly Check[]): readonly Check[] {
  return checks.filter(({ area }) => area === 'Clock')
}

async function listening(onSocket: Parameters<typeof createServer>[1]): Promise<number> {
  const server = createServer(onSocket)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

test('nothing is the matter: nothing is said, and peers say how they see this node', async () => {
  const node = await withFriend()
  const checks = await node.doctor()
  expect(others(checks, '')).toEqual([])
  expect(checks.find(({ name }) => name === 'reachable')).toMatchObject({
    text: expect.stringMatching(/^1 of 1 peers dialled this node back; seen at 127.0.0.1/)
  })
  const of = await node.doctor('friend')
  expect(others(of, '')).toEqual([])
  expect(of.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['found', 'session', 'clock', 'dial back'])
  )
  expect(of.find(({ tried = [] }) => tried.length > 1)?.tried?.map(({ step }) => step)).toEqual([
    'tcp',
    'wall',
    'noise'
  ])
})

test('not reachable: what this node announces leads nowhere, and a peer that tried says so', async () => {
  const announce = [`/ip4/127.0.0.1/tcp/${await closedPort()}`]
  const node = await withFriend({ announce })
  const checks = await node.doctor()
  expect(
    complaints(checks, {
      code: 'not-reachable',
      area: 'Listening',
      state: 'warning',
      text: /nothing is reachable from outside: 1 of 1 peers could not dial back/,
      hint: /ufw allow/
    })
  ).toEqual(NONE)
})

test('wrong key: the peer answers, and the wall does not open', async () => {
  const stranger = await startDoctorNode({ name: 'stranger', key: OTHER_KEY })
  const node = await withFriend({ bootstrap: [stranger.address] })
  const expected = {
    code: 'wrong-key',
    text: /the wall does not open: a node answers, and it has another swarm key/,
    hint: /^lumos join INVITE/
  }
  expect(complaints(await node.doctor(), { ...expected, area: 'Peers' })).toEqual(NONE)
  const checks = await node.doctor(stranger.address)
  expect(complaints(checks, { ...expected, area: /^Peer / })).toEqual(NONE)
  expect(checks.flatMap(({ tried = [] }) => tried)).toMatchObject([
    { step: 'tcp', ok: true },
    { step: 'wall', ok: false }
  ])
})

test('refused: the machine is there, and nobody listens', async () => {
  const address = `/ip4/127.0.0.1/tcp/${await closedPort()}`
  const node = await withFriend({ bootstrap: [address] })
  const expected = {
    code: 'refused',
    text: /connection refused: the machine is there, and nothing listens/,
    hint: /lumos up/
  }
  expect(complaints(await node.doctor(), { ...expected, area: 'Peers' })).toEqual(NONE)
  expect(complaints(await node.doctor(address), { ...expected, area: /^Peer / })).toEqual(NONE)
})

test('other swarm: an open one of another name is reached, and HELLO tells', async () => {
  const stranger = await startDoctorNode({ name: 'stranger', swarm: { open: true, name: 'red' } })
  const node = await startDoctorNode({
    name: 'asker',
    swarm: { open: true, name: 'blue' },
    bootstrap: [stranger.address]
  })
  await expect
    .poll(async () => (await node.control.peers()).peers)
    .toMatchObject([{ state: 'refused' }])
  const { id } = stranger.assembly.wire.swarm
  const expected = {
    code: 'other-swarm',
    text: new RegExp(`another swarm \\(swarm id ${id}\\)`),
    hint: /^lumos join INVITE/
  }
  const checks = await node.doctor()
  // That it is open is true, and said.
  const rest = checks.filter(({ code }) => code !== 'open-swarm')
  expect(complaints(rest, { ...expected, area: 'Peers' })).toEqual(NONE)
  expect(complaints(await node.doctor(stranger.address), { ...expected, area: /^Peer / })).toEqual(
    NONE
  )
})

test('other swarm: one without a key, from one with a key, and the other way round', async () => {
  const open = await startDoctorNode({ name: 'open', swarm: { open: true } })
  const node = await withFriend({ bootstrap: [open.address] })
  const expected = { code: 'other-swarm', hint: /^lumos join INVITE/ }
  const text = /a node of an open swarm: it has no swarm key/
  expect(complaints(await node.doctor(), { ...expected, area: 'Peers', text })).toEqual(NONE)
  expect(
    complaints(await open.doctor(node.address), {
      ...expected,
      area: /^Peer /,
      text: /a node of a private swarm: it has a swarm key/
    })
  ).toEqual(NONE)
})

test('clock off: the one that is off is named, by itself and by the others', async () => {
  const late = await startDoctorNode({ name: 'late', clockOff: -10 * MINUTE })
  const good = await startDoctorNode({ name: 'good', bootstrap: [late.address] })
  const other = await startDoctorNode({ name: 'other', bootstrap: [late.address, good.address] })
  await expect
    .poll(() => [late, good, other].map(({ assembly }) => assembly.wire.sessions.all().length))
    .toEqual([2, 2, 2])
  const expected = { code: 'clock-off', area: 'Clock', hint: /timedatectl set-ntp true/ }
  expect(
    complaints(clocks(await late.doctor()), {
      ...expected,
      text: /this node's clock is off.*10 min ahead of it/
    })
  ).toEqual(NONE)
  expect(
    complaints(clocks(await good.doctor()), {
      ...expected,
      state: 'warning',
      text: /the clock of late \(10 min behind ours\) is off; this node's agrees/
    })
  ).toEqual(NONE)
  expect(
    complaints(
      (await other.doctor('late')).filter(({ name }) => name === 'clock'),
      { ...expected, area: 'Peer late', state: 'warning', text: /late is 10 min behind ours/ }
    )
  ).toEqual(NONE)
})

test('disk full: data and logs have no room', async ({ skip }) => {
  const home = (await smallDisk('48m')) ?? skip('mounting is not allowed here')
  const node = await withFriend({ home })
  await writeFile(join(home, 'filler'), Buffer.alloc(64 * 1024 * 1024)).catch(() => undefined)
  const large = Buffer.alloc(512 * 1024)
  await expect
    .poll(() =>
      node.assembly.database.store
        .commit([{ type: 'put', key: 'large', value: large }], { sync: true })
        .then(
          () => 'written',
          (error: { code?: string }) => error.code
        )
    )
    .toBe('STORE_FULL')
  expect(
    complaints(await node.doctor(), {
      code: 'disk-full',
      area: /^(Disk|Database)$/,
      text: /disk.* full|no room/i,
      hint: /du -xh|make room/i
    })
  ).toEqual(NONE)
})

test('DHT empty: peers are connected, and none serves it', async () => {
  const mute = await startDoctorNode({ name: 'mute' })
  await mute.assembly.wire.network.libp2p.unhandle(KAD_PROTOCOL)
  const node = await startDoctorNode({ name: 'asker', bootstrap: [mute.address] })
  await met(node, mute)
  const { pubsub, network } = node.assembly.wire
  const [topic = ''] = network.libp2p.services.pubsub.getTopics()
  await expect.poll(() => pubsub.subscribers(topic)).toEqual([mute.peer])
  node.turnClock(SETTLED_MS)
  expect(
    complaints(await node.doctor(), {
      code: 'dht-empty',
      area: 'DHT',
      text: /routing table is empty although 1 peers are connected: 0 of them serve the DHT/,
      hint: /^lumos peers connect/
    })
  ).toEqual(NONE)
})

test('model key rejected: the server says 401, and where the key is from is told', async () => {
  const server = await startModelServer({ key: 'right' })
  onTestFinished(() => server.stop())
  const providers = { lab: { baseUrl: server.url, apiKey: 'env:LAB_KEY' } }
  const node = await withFriend({ models: { detect: false, providers }, env: { LAB_KEY: 'wrong' } })
  expect(
    complaints(await node.doctor(), {
      code: 'model-key',
      area: 'Models',
      text: /lab: .* rejects the key \(HTTP 401\); it is from: env LAB_KEY/,
      hint: /lumos model add lab --key-file PATH/
    })
  ).toEqual(NONE)
  const asked = server.requests.filter(({ path }) => path === '/v1/models').length
  await node.doctor()
  expect(server.requests.filter(({ path }) => path === '/v1/models').length).toBe(asked + 1)
})

test('hung peer: it accepts connections and never says a word', async () => {
  const port = await listening(() => undefined)
  const node = await withFriend({ bootstrap: [`/ip4/127.0.0.1/tcp/${port}`] })
  const expected = {
    code: 'hung',
    text: /says nothing for .* s: it hangs/,
    hint: /lumos restart/
  }
  expect(complaints(await node.doctor(), { ...expected, area: 'Peers' })).toEqual(NONE)
  expect(
    complaints(await node.doctor(`127.0.0.1:${port}`), { ...expected, area: /^Peer / })
  ).toEqual(NONE)
})

test('hung peer: a node is stopped in the middle of its work', async () => {
  const home = testFolder()
  const lumos = createLumos({ home, env: { LUMOS_SWARM_KEY: '0123456789abcdef'.repeat(4) } })
  onTestFinished(() => lumos.kill('SIGKILL'))
  const flags = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--no-same-host']
  const { addresses, pid } = await lumos.daemon(['daemon', '--name', 'frozen', ...flags])
  onTestFinished(() => void process.kill(pid, 'SIGCONT'))
  const [address = ''] = addresses
  const node = await startDoctorNode({ name: 'asker', bootstrap: [address] })
  await met(node)
  process.kill(pid, 'SIGSTOP')
  const checks = await node.doctor()
  const expected = { code: 'hung', hint: /on frozen: lumos restart/ }
  expect(
    complaints(checks, {
      ...expected,
      area: 'Peers',
      text: /frozen is connected, but has not answered for .* s: it hangs/
    })
  ).toEqual(NONE)
  expect(
    complaints(await node.doctor('frozen'), {
      ...expected,
      area: 'Peer frozen',
      text: /frozen has not answered for .* s: it hangs/
    })
  ).toEqual(NONE)
})

test('relay lapsed: the place with it is gone, and the node was believed reachable', async () => {
  const relay = await startDoctorNode({ name: 'relay', network: { relayService: true } })
  const way = `${relay.address}/p2p-circuit`
  const node = await startDoctorNode({
    name: 'hidden',
    listen: ['/ip4/127.0.0.1/tcp/0', way],
    bootstrap: [relay.address]
  })
  await met(node, relay)
  await expect
    .poll(() => node.assembly.wire.network.addresses())
    .toContain(`${way}/p2p/${node.peer}`)
  expect(others(await node.doctor(), '')).toEqual([])

  const { relay: service } = relay.assembly.wire.network.libp2p.services
  const kept = service as { reservationStore: { clear(): void } }
  kept.reservationStore.clear()
  expect(
    complaints(await node.doctor(), {
      code: 'relay-lapsed',
      area: 'Listening',
      text: /the relay relay has no place for this node any more, which believes it is reachable/,
      hint: /^lumos restart/
    })
  ).toEqual(NONE)
  // One that knows nobody: only the address, as somebody may have told it.
  const stranger = await startDoctorNode({ name: 'stranger' })
  const checks = await stranger.doctor(`${way}/p2p/${node.peer}`)
  expect(
    complaints(checks, {
      code: 'relay-lapsed',
      area: /^Peer /,
      text: /the relay is there, but has no reservation of this peer: it has lapsed/,
      hint: /lumos restart/
    })
  ).toEqual(NONE)
})

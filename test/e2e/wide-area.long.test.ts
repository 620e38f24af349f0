/** Two daemons at home, each behind a router with NAT, and one relay outside: nothing else is configured. */
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { cancel, stream } from '../../bench/wide-area/checks.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { layWideNetwork, whyNoWideNetwork } from '../support/wide-network.ts'
import type { WideHost } from '../support/wide-network.ts'
import { startWideNode } from '../support/wide-nodes.ts'

const MEET_MS = 30_000
const reason = whyNoWideNetwork(2)

async function setup() {
  const network = await layWideNetwork({ seed: 1, hosts: 1, hidden: 2 })
  onTestFinished(() => network.remove())
  await network.set({ delay: 0.02 })
  const folder = await temporaryDirectory()
  const [outside] = network.hosts
  const [here, there] = network.hidden
  if (outside === undefined || here === undefined || there === undefined) {
    throw new TypeError('no hosts')
  }
  async function start(name: string, host: WideHost, bootstrap: readonly string[]) {
    const env = { LUMOS_NETWORK_RELAY_SERVICE: String(name === 'relay') }
    const node = await startWideNode({ name, host, folder: join(folder, name), bootstrap, env })
    onTestFinished(() => node.kill())
    return node
  }
  const relay = await start('relay', outside, [])
  const [left, right] = await Promise.all([
    start('left', here, [relay.address]),
    start('right', there, [relay.address])
  ])
  return { left, relay, right, restart: () => start('relay', outside, []) }
}

describe.skipIf(reason !== undefined)(`at home (${reason ?? 'between namespaces'})`, () => {
  test('they meet by the relay, and a stream outlives a relay that is killed and comes back', async () => {
    const { left, relay, restart, right } = await setup()
    const paths = async () => {
      const { peers } = await left.client.peers()
      return peers.map(({ name, path }) => `${name} ${path}`)
    }
    await expect
      .poll(paths, { timeout: MEET_MS })
      .toEqual(expect.arrayContaining(['relay direct', 'right relay']))
    const known = async () => (await left.client.find('talk-right')).providers.length
    await expect.poll(known, { timeout: MEET_MS }).toBe(1)

    // More than the 128 KiB that libp2p's relay lets through by itself.
    const order = { seed: 1, pieces: 400, length: 1024, pauseMs: 20 }
    const streaming = stream([left, right], order)
    const states = async () => (await left.client.tasks()).tasks.map(({ state }) => state)
    await expect.poll(states).toEqual(['TASK_STATE_WORKING'])
    await relay.kill()
    await restart()
    expect(await streaming).toMatchObject({ isWhole: true, resumed: expect.any(Number) })
    expect(await cancel(left, right, MEET_MS)).toBeLessThan(5000)
  })
})

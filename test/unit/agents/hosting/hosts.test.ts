/** Projects that are taken away: nobody finds their agents any more, and what runs there may end. */
import { expect, test } from 'vitest'
import type { Agent, AgentOutput } from '../../../../agents/agent.ts'
import { Hosts } from '../../../../agents/hosting/hosts.ts'
import type { HostRecord } from '../../../../agents/hosting/hosts.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { silentLogger } from '../../../../core/logger.ts'
import { agentRequest } from '../../../support/agent-request.ts'
import { AGENTS, createStage } from '../../../support/hosted-process.ts'
import type { PlayedProcess } from '../../../support/hosted-process.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const ORDER = { name: 'shop', path: '/shop', env: {}, memoryBytes: 1000, keep: true }

async function setup() {
  const clock = new ManualClock()
  let isMute = false
  const stage = createStage((process: PlayedProcess) => isMute || process.say(AGENTS))
  let offered: readonly Agent[] = []
  let kept: readonly HostRecord[] = []
  const hosts = new Hosts({
    clock,
    logger: silentLogger,
    roster: { assign: async (_, agents) => void (offered = agents) },
    startProcess: stage.start,
    states: { get: async () => undefined, put: async () => {}, delete: async () => {} },
    launchOf: () => ({ command: 'x', args: [], cwd: '/', env: {}, channel: 'fd3' }),
    store: { read: async () => [], write: async (records) => void (kept = records) }
  })
  await hosts.add(ORDER)
  const [clerk] = offered
  if (clerk === undefined) throw new Error('nothing is offered')
  const mute = (): void => void (isMute = true)
  return { clock, stage, hosts, clerk, mute, offered: () => offered, kept: () => kept }
}

async function outcome(outputs: AsyncIterable<AgentOutput>) {
  const said: AgentOutput[] = []
  try {
    for await (const output of outputs) said.push(output)
    return { said, error: undefined }
  } catch (error) {
    return { said, error }
  }
}

test('one that is removed is offered to nobody at once, and what runs in it ends by itself', async () => {
  const { clock, stage, hosts, clerk, offered, kept } = await setup()
  const running = outcome(clerk.run(agentRequest('one apple')))
  const removed = hosts.remove('shop')
  await clock.advance(LIMITS.hostDrain.value - 1)
  expect([offered(), kept()]).toEqual([[], []])
  const process = stage.current()
  process.say({ type: 'output', run: '1', output: 'here you are' })
  process.say({ type: 'end', run: '1' })
  expect(await running).toEqual({ said: ['here you are'], error: undefined })
  await clock.advance(0)
  expect(process.signals).toContain('SIGTERM')
  process.end('exit code 0')
  expect(await removed).toMatchObject({ host: { state: 'stopped' }, ended: 0 })
  expect(hosts.list()).toEqual([])
})

test('what has not ended when its time is over fails, and is counted', async () => {
  const { clock, stage, hosts, clerk } = await setup()
  const running = outcome(clerk.run(agentRequest('one apple')))
  const removed = hosts.remove('shop')
  await clock.advance(LIMITS.hostDrain.value)
  stage.current().end('SIGTERM')
  expect(await running).toMatchObject({ error: { code: 'HOST_DIED' } })
  expect(await removed).toMatchObject({ ended: 1 })
})

test('one without runs is gone at once', async () => {
  const { clock, stage, hosts } = await setup()
  const removed = hosts.remove('shop')
  await clock.advance(0)
  stage.current().end('exit code 0')
  expect(await removed).toMatchObject({ ended: 0 })
})

test('the same project can be hosted again while the old one comes to its end', async () => {
  const { clock, stage, hosts, clerk, offered } = await setup()
  const running = outcome(clerk.run(agentRequest('one apple')))
  const removed = hosts.remove('shop')
  await clock.advance(0)
  const added = hosts.add(ORDER)
  await clock.advance(0)
  stage.processes[0]?.end('exit code 0')
  expect(await running).toMatchObject({ error: { code: 'HOST_DIED' } })
  expect(await added).toMatchObject({ state: 'ready' })
  await removed
  expect(offered().map(({ id }) => id)).toEqual(['clerk'])
  expect(hosts.list()).toMatchObject([{ name: 'shop', state: 'ready' }])
})

test('a node that stops while a project is on its way forgets none of the others', async () => {
  const { clock, stage, hosts, mute, kept } = await setup()
  mute()
  const added = hosts.add({ ...ORDER, name: 'bakery', path: '/bakery' })
  await clock.advance(0)
  const stopped = hosts.stop()
  for (const process of stage.processes) process.end('exit code 0')
  await stopped
  await expect(added).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
  expect(kept().map(({ name }) => name)).toEqual(['shop'])
})

test.for([
  ['replaced', (hosts: Hosts) => hosts.add(ORDER)],
  ['restarted', (hosts: Hosts) => hosts.restart('shop')]
] as const)('nothing is started any more when a node stops: %s', async ([, action]) => {
  const { stage, hosts, kept } = await setup()
  const done = action(hosts)
  const stopped = hosts.stop()
  await expect(done).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
  await stopped
  expect(stage.processes).toHaveLength(1)
  expect(kept().map(({ name }) => name)).toEqual(['shop'])
})

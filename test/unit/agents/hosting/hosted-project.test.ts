import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { HostedProject } from '../../../../agents/hosting/hosted-project.ts'
import { createHostedAgent } from '../../../../agents/hosting/hosted-agent.ts'
import type { HostedAgent } from '../../../../agents/hosting/protocol.ts'
import type { AgentOutput } from '../../../../agents/agent.ts'
import { LumosError } from '../../../../core/errors.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { silentLogger } from '../../../../core/logger.ts'
import { agentRequest } from '../../../support/agent-request.ts'
import { AGENTS, createStage } from '../../../support/hosted-process.ts'
import type { PlayedProcess } from '../../../support/hosted-process.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const MEMORY = 1000
const BUDGET = LIMITS.hostRestarts.value

async function nothing(): Promise<undefined> {}
const NO_STATES = { get: nothing, put: nothing, delete: nothing }

function setup(
  onStart: (process: PlayedProcess, life: number) => void = (each) => each.say(AGENTS)
) {
  const clock = new ManualClock()
  const stage = createStage(onStart)
  const offered: (readonly HostedAgent[])[] = []
  const project = new HostedProject(
    {
      clock,
      logger: silentLogger,
      startProcess: stage.start,
      offer: async (agents) => void offered.push(agents),
      withdraw: async () => void offered.push([])
    },
    {
      host: 'shop',
      memoryBytes: MEMORY,
      launch: () => ({ command: 'x', args: [], cwd: '/', env: {}, channel: 'fd3' })
    }
  )
  const agent = (traits: Partial<HostedAgent> = {}) =>
    createHostedAgent(
      { project, states: NO_STATES },
      {
        id: 'clerk',
        description: 'Sells.',
        skills: [{ id: 's', name: 's', description: 's', tags: ['t'] }],
        ...traits
      }
    )
  return { clock, stage, project, offered, agent }
}

async function started(onStart?: (process: PlayedProcess, life: number) => void) {
  const parts = setup(onStart)
  parts.project.start()
  await parts.project.settled()
  return parts
}

/** What a run says until it ends, and how it does. */
async function outcome(outputs: AsyncIterable<AgentOutput>) {
  const said: AgentOutput[] = []
  try {
    for await (const output of outputs) said.push(output)
    return { said, error: undefined }
  } catch (error) {
    return { said, error }
  }
}

/** Lets a played process answer what it was told last. */
async function told(process: PlayedProcess, type: string) {
  for (;;) {
    const line = process.told.findLast((each) => each.type === type)
    if (line !== undefined) return line
    // oxlint-disable-next-line no-await-in-loop -- until it was told
    await nextTurn()
  }
}

test('offers what its process tells, and hands runs to it', async () => {
  const { project, stage, offered, agent } = await started()
  expect(project.status()).toMatchObject({ state: 'ready', restarts: 0, pid: 1 })
  expect(offered[0]?.map(({ id }) => id)).toEqual(['clerk'])
  const running = outcome(agent().run(agentRequest('one apple')))
  const process = stage.current()
  const order = await told(process, 'run')
  expect(order).toMatchObject({ agent: 'clerk', text: 'one apple', task: 'task', caller: 'caller' })
  process.say({ type: 'output', run: '1', output: 'here ' })
  process.say({ type: 'output', run: '1', output: 'you are' })
  process.say({ type: 'end', run: '1' })
  expect(await running).toEqual({ said: ['here ', 'you are'], error: undefined })
  await project.stop()
})

test('starts a process again that ends, later each time, and gives up on the fourth end in a minute', async () => {
  const { project, clock, stage, offered } = await started()
  for (let end = 1; end <= BUDGET; end++) {
    stage.current().end('exit code 1')
    // oxlint-disable-next-line no-await-in-loop -- one end after the other
    await clock.advance(0)
    expect(project.status()).toMatchObject({ state: 'restarting', reason: 'exit code 1' })
    const waitMs = LIMITS.hostRestartFirst.value * 2 ** (end - 1)
    // oxlint-disable-next-line no-await-in-loop -- as above
    await clock.advance(waitMs - 1)
    expect(stage.processes).toHaveLength(end)
    // oxlint-disable-next-line no-await-in-loop -- as above
    await clock.advance(1)
    expect(stage.processes).toHaveLength(end + 1)
    // oxlint-disable-next-line no-await-in-loop -- as above
    await project.settled()
  }
  stage.current().print('Error: no money\n')
  stage.current().end('exit code 1')
  await clock.advance(LIMITS.hostRestartWindow.value)
  expect(stage.processes).toHaveLength(BUDGET + 1)
  expect(project.status()).toMatchObject({ state: 'quarantined', restarts: BUDGET })
  expect(project.status().reason).toContain('exit code 1: Error: no money')
  expect(offered.at(-1)).toEqual([])
  await expect(project.session(agentRequest('').signal)).rejects.toMatchObject({
    code: 'HOST_DOWN'
  })
  await project.stop()
  project.start()
  await project.settled()
  expect(project.status().state).toBe('ready')
  await project.stop()
})

test('who waits for a process that is given up learns so, and nothing that it printed', async () => {
  const { project, clock, agent } = setup((each) => {
    each.print('Error: no such key: canary\n')
    each.end('exit code 1')
  })
  project.start()
  const waiting = outcome(agent().run(agentRequest('hello')))
  await clock.advance(LIMITS.hostRestartFirst.value * 2 ** BUDGET)
  expect(project.status()).toMatchObject({ state: 'quarantined' })
  expect(project.status().reason).toContain('canary')
  const { error } = await waiting
  expect(error).toBeInstanceOf(LumosError)
  const wire = JSON.stringify(error instanceof LumosError && error.toWire())
  expect(wire).toContain('HOST_DOWN')
  expect(wire).not.toContain('canary')
})

test('who waits too long for a process learns that it is started again, and nothing that it printed', async () => {
  const { project, clock, stage, agent } = setup(() => undefined)
  project.start()
  stage.current().print('canary\n')
  stage.current().end('exit code 1')
  await clock.advance(LIMITS.hostRestartFirst.value)
  expect(project.status()).toEqual(
    expect.objectContaining({ state: 'starting', reason: 'exit code 1: canary' })
  )
  const waiting = outcome(agent().run(agentRequest('hello')))
  await clock.advance(LIMITS.hostWait.value)
  expect((await waiting).error).toMatchObject({
    code: 'HOST_DOWN',
    details: { host: 'shop', reason: 'its process is being started' }
  })
  await project.stop()
})

test('goes on for ever with one that ends now and then', async () => {
  const { project, clock, stage } = await started()
  for (let end = 1; end <= BUDGET * 3; end++) {
    stage.current().end('exit code 1')
    // oxlint-disable-next-line no-await-in-loop -- one end after the other
    await clock.advance(LIMITS.hostRestartWindow.value / BUDGET + 1)
  }
  expect(project.status()).toMatchObject({ state: 'ready', restarts: BUDGET * 3 })
  await project.stop()
})

test('does not start again what says itself that there is nothing to host', async () => {
  const { project, stage } = await started((each) =>
    each.say({ type: 'refused', reason: 'no agent' })
  )
  expect(project.status()).toMatchObject({ state: 'quarantined', reason: 'no agent' })
  expect(stage.processes).toHaveLength(1)
})

test('kills a process that tells no agents in time', async () => {
  const { project, clock, stage } = setup(() => undefined)
  project.start()
  await clock.advance(LIMITS.hostStart.value)
  expect(stage.processes[0]?.signals).toEqual(['SIGKILL'])
  expect(project.status()).toMatchObject({ reason: expect.stringContaining('told no agents') })
  await project.stop()
})

test('kills a process that answers nothing, but not one that answers', async () => {
  const { project, clock, stage } = await started()
  const [first] = stage.processes
  for (let ms = 0; ms < LIMITS.hostSilence.value * 3; ms += 1000) {
    // oxlint-disable-next-line no-await-in-loop -- second by second
    await clock.advance(1000)
    const pings = first?.told.filter(({ type }) => type === 'ping').length ?? 0
    if (pings > 0) first?.say({ type: 'pong', n: pings })
  }
  expect(first?.signals).toEqual([])
  await clock.advance(LIMITS.hostSilence.value + LIMITS.hostWatch.value)
  expect(first?.signals).toEqual(['SIGKILL'])
  expect(project.status().reason).toContain('no sign of life')
  await project.stop()
})

test('leaves a program alone that never said it would answer', async () => {
  const { project, clock, stage } = await started((each) =>
    each.say({ ...AGENTS, heartbeat: false })
  )
  await clock.advance(LIMITS.hostSilence.value * 10)
  expect(stage.processes[0]?.signals).toEqual([])
  await project.stop()
})

test('kills a process that uses more memory than it may', async () => {
  const { project, clock, stage } = await started()
  stage.current().rss = MEMORY
  await clock.advance(LIMITS.hostWatch.value)
  expect(stage.processes[0]?.signals).toEqual([])
  stage.current().rss = MEMORY + 1
  await clock.advance(LIMITS.hostWatch.value)
  expect(stage.processes[0]?.signals).toEqual(['SIGKILL'])
  await project.stop()
})

test('kills a process that does not read what it is told', async () => {
  const { project, stage, agent } = await started()
  stage.current().unread = LIMITS.hostSendBytes.value + 1
  const { error } = await outcome(agent().run(agentRequest('hello')))
  expect(error).toMatchObject({ code: 'HOST_DIED' })
  await project.stop()
})

test('a run whose process dies fails, and says that it may have been done', async () => {
  const { project, stage, agent } = await started()
  const running = outcome(agent().run(agentRequest('pay')))
  await told(stage.current(), 'run')
  stage.current().say({ type: 'output', run: '1', output: 'paying' })
  stage.current().end('SIGSEGV')
  expect(await running).toMatchObject({
    said: ['paying'],
    error: { code: 'HOST_DIED', details: { agent: 'clerk', maybeExecuted: true } }
  })
  await project.stop()
})

test('a run that does no harm is done once more, and what the first attempt said is taken back', async () => {
  const { project, stage, clock, agent } = await started()
  const running = outcome(agent({ idempotent: true }).run(agentRequest('look')))
  await told(stage.current(), 'run')
  stage.current().say({ type: 'output', run: '1', output: 'half' })
  stage.current().end('SIGSEGV')
  await clock.advance(LIMITS.hostRestartFirst.value)
  await told(stage.current(), 'run')
  stage.current().say({ type: 'output', run: '1', output: 'whole' })
  stage.current().say({ type: 'end', run: '1' })
  const { said, error } = await running
  expect(error).toBeUndefined()
  expect(said[0]).toBe('half')
  expect(said[1]).toMatchObject({ artifact: { artifactId: 'result', parts: [{ text: '' }] } })
  expect(said[2]).toBe('whole')
  await project.stop()
})

test('a cancel reaches the process, and the run ends with its reason', async () => {
  const { project, stage, agent } = await started()
  const controller = new AbortController()
  const running = outcome(agent().run(agentRequest('wait', { signal: controller.signal })))
  await told(stage.current(), 'run')
  const reason = new Error('no more')
  controller.abort(reason)
  expect((await running).error).toBe(reason)
  expect(await told(stage.current(), 'cancel')).toEqual({
    type: 'cancel',
    run: '1',
    reason: 'CANCELLED'
  })
  // What it still says is for nobody.
  stage.current().say({ type: 'output', run: '1', output: 'late' })
  await project.stop()
})

test('a chatty process is not read while nobody takes what it said', async () => {
  const { project, stage, agent } = await started()
  const outputs = agent().run(agentRequest('talk'))[Symbol.asyncIterator]()
  const first = outputs.next()
  const process = stage.current()
  await told(process, 'run')
  const piece = 'x'.repeat(LIMITS.hostQueueBytes.value / 8)
  process.say({ type: 'output', run: '1', output: 'first' })
  await first
  for (let said = 0; said < 20; said++) process.say({ type: 'output', run: '1', output: piece })
  process.say({ type: 'end', run: '1' })
  expect(process.reading).toBe(false)
  let bytes = 0
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { value, done } = await outputs.next()
    if (done === true) break
    bytes += typeof value === 'string' ? value.length : 0
  }
  expect(bytes).toBe(20 * piece.length)
  expect(process.reading).toBe(true)
  await project.stop()
})

test.for([
  [{ code: 'AGENT_INPUT', message: '', details: { reason: 'no', agent: 'clerk' } }, 'AGENT_INPUT'],
  [{ message: 'password is 1234', details: { name: 'TypeError' } }, 'AGENT_FAILED'],
  [{ code: 'MADE_UP', message: 'secret' }, 'AGENT_FAILED']
] as const)(
  'a failure tells its kind, and nothing that could be secret: %j',
  async ([error, code]) => {
    const { project, stage, agent } = await started()
    const running = outcome(agent().run(agentRequest('fail')))
    await told(stage.current(), 'run')
    stage.current().say({ type: 'end', run: '1', error })
    const result = await running
    expect(result.error).toMatchObject({ code })
    expect(JSON.stringify(result.error)).not.toMatch(/1234|secret/)
    await project.stop()
  }
)

test('a process that was stopped leaves no timer behind', async () => {
  const { project, clock } = await started()
  await project.stop()
  expect(clock.pending).toBe(0)
  expect(project.status().state).toBe('stopped')
})

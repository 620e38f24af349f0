import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { HostSession } from '../../../../agents/hosting/host-session.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { silentLogger } from '../../../../core/logger.ts'
import { agentRequest } from '../../../support/agent-request.ts'
import { AGENTS, createStage } from '../../../support/hosted-process.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

async function running() {
  const stage = createStage((each) => each.say(AGENTS))
  const session = new HostSession(
    { clock: new ManualClock(), logger: silentLogger, startProcess: stage.start },
    {
      host: 'shop',
      memoryBytes: 1000,
      launch: { command: 'x', args: [], cwd: '/', env: {}, channel: 'fd3' }
    }
  )
  await session.agents
  const run = Array.fromAsync(session.run('clerk', agentRequest('talk'), undefined))
  await nextTurn()
  return { process: stage.current(), run, session }
}

const CALL = { type: 'call', run: '1', method: 'memory.get', params: { key: 'a' } }

test('a process that asks more at once than it may is killed, and what names nothing does nothing', async () => {
  const { process, run } = await running()
  for (let call = 0; call < LIMITS.hostCalls.value; call++) {
    process.say({ ...CALL, call: String(call) })
    process.say({ type: 'item', run: '1', call: 'x', value: 'of no call' })
    process.say({ ...CALL, run: '9', call: 'of no run' })
  }
  expect(process.signals).toEqual([])
  process.say({ ...CALL, call: 'one more' })
  expect(process.signals).toEqual(['SIGKILL'])
  await expect(run).rejects.toMatchObject({ code: 'HOST_DIED' })
})

test('calls of a run that is over are heard by nobody', async () => {
  const { process, run } = await running()
  process.say({ ...CALL, call: 'a' })
  await nextTurn()
  process.say({ type: 'end', run: '1' })
  process.say({ ...CALL, call: 'b' })
  await run
  await nextTurn()
  const replies = process.told.filter(({ type }) => type === 'reply')
  expect(replies).toMatchObject([{ call: 'a', error: { code: 'SPACE_UNKNOWN' } }])
})

const DEEP = `${'['.repeat(100_000)}${']'.repeat(100_000)}`

test.for([
  ['a failure', `{"type":"end","run":"1","error":${DEEP}}`],
  [
    'an agent',
    `{"type":"agents","protocol":1,"agents":[{"id":"clerk","description":"Sells.",` +
      `"skills":[{"id":"s","description":"s","inputSchema":{"a":${DEEP}}}]}]}`
  ],
  ['a protocol', `{"type":"agents","protocol":${DEEP}}`]
] as const)('a line that nests too deep for %s ends its own process alone', async ([, line]) => {
  const { process, run, session } = await running()
  expect(() => process.say(line)).not.toThrow()
  expect(process.signals).toEqual(['SIGKILL'])
  await expect(run).rejects.toMatchObject({ code: 'HOST_DIED' })
  expect(await session.ended).toMatchObject({ reason: 'it wrote what cannot be read' })
})

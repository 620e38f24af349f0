/** A terminal that dies: its task goes on, unless it was told not to. CLI, daemon and worker are each on their own. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { defineAgent } from '../../agents/agent.ts'
import { createClient } from '../../client/client.ts'
import { resolvePaths } from '../../core/paths.ts'
import { kill } from '../support/child-process.ts'
import { createLumos } from '../support/lumos.ts'
import { startNode, testFolder } from '../support/started-nodes.ts'

const BIN = join(import.meta.dirname, '../../bin/lumos.cjs')
const MEET_MS = 15_000
/** What the issue asks for, on a live link. */
const PROMPT_MS = 1000

/** A daemon, and a node in this process whose agent works until its signal aborts. */
async function setup() {
  const folder = testFolder()
  const began: string[] = []
  const aborted: string[] = []
  const patient = defineAgent({
    id: 'patient',
    description: 'waits',
    skills: [{ id: 'patient', name: 'Patient', description: 'waits', tags: ['test'] }],
    async *run({ signal, taskId }) {
      began.push(taskId)
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve())
      })
      aborted.push(taskId)
      yield 'enough'
    }
  })
  await startNode(folder, { name: 'worker', agents: [patient], builtin: { enabled: [] } })
  const lumos = createLumos({
    home: join(folder, 'caller'),
    runtime: join(folder, 'run'),
    env: { LUMOS_DISCOVERY_MDNS: 'false', LUMOS_LISTEN: '/ip4/127.0.0.1/tcp/0' }
  })
  onTestFinished(() => lumos.kill())
  await lumos.daemon(['daemon'])
  const client = createClient({ socket: resolvePaths(lumos.env).socket })
  const known = async () => (await client.find('patient')).providers.length
  await expect.poll(known, { timeout: MEET_MS }).toBe(1)

  /** The terminal, once the agent is at work; and the task's id. */
  async function run(...flags: string[]) {
    const args = [BIN, 'run', 'patient', 'please', '--json', ...flags]
    const child = spawn(process.execPath, args, {
      env: lumos.env,
      stdio: ['ignore', 'pipe', 'inherit']
    })
    onTestFinished(() => kill(child))
    for await (const line of createInterface({ input: child.stdout })) {
      const event: { readonly type: string; readonly task?: { readonly id: string } } =
        JSON.parse(line)
      if (event.type !== 'accepted') continue
      const id = event.task?.id ?? ''
      await expect.poll(() => began, { timeout: PROMPT_MS }).toContain(id)
      return { child, id }
    }
    throw new Error('the terminal ended before the task was accepted')
  }

  return { client, aborted, run }
}

test('a task goes on when its terminal is killed, unless that was to stop it', async () => {
  const { client, aborted, run } = await setup()
  const stateOf = async (id: string) => (await client.task(id)).task.state

  const left = await run()
  await kill(left.child)
  const stopped = await run('--cancel-on-disconnect')
  await kill(stopped.child)
  await expect.poll(() => aborted, { timeout: PROMPT_MS, interval: 5 }).toEqual([stopped.id])
  await expect.poll(() => stateOf(stopped.id)).toBe('TASK_STATE_CANCELED')

  // The daemon saw the first terminal go before the second one.
  expect(await stateOf(left.id)).toBe('TASK_STATE_WORKING')
  await client.cancel(left.id)
  await expect.poll(() => aborted, { timeout: PROMPT_MS, interval: 5 }).toContain(left.id)
})

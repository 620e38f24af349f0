/** A client over HTTP whose gateway is killed in the middle of a stream goes on where it was. */
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { defineAgent } from '../../agents/agent.ts'
import { createLumos } from '../support/lumos.ts'
import { startPushReceiver } from '../support/push-receiver.ts'
import { readEvents } from '../support/server-events.ts'
import type { ReceivedEvent } from '../support/server-events.ts'
import { startSecluded, testFolder } from '../support/started-nodes.ts'

const SWARM_KEY = '0123456789abcdef'.repeat(4)
const PIECES = ['one ', 'two ', 'three ', 'four']

/** Says its pieces, the first half at once and the rest when it is let go on. */
function halting(goOn: Promise<void>) {
  const skills = [{ id: 'count', name: 'count', description: 'counts', tags: ['test'] }]
  return defineAgent({
    id: 'count',
    description: 'counts',
    skills,
    async *run() {
      yield* PIECES.slice(0, 2)
      await goOn
      yield* PIECES.slice(2)
    }
  })
}

test('kill -9 of the gateway in the middle of a task loses nothing and tells nothing twice', async () => {
  const { promise: goOn, resolve: letGoOn } = Promise.withResolvers<void>()
  const worker = await startSecluded({ agents: [halting(goOn)] })
  const [address = ''] = worker.addresses()
  const env = {
    LUMOS_SWARM_KEY: SWARM_KEY,
    LUMOS_GATEWAY_PORT: '0',
    LUMOS_TASKS_PUSH_ALLOW: '127.0.0.1'
  }
  const lumos = createLumos({ home: join(testFolder(), 'gateway'), env })
  onTestFinished(() => lumos.kill('SIGKILL'))
  const flags = ['--listen', '/ip4/127.0.0.1/tcp/0', '--bootstrap', address, '--no-mdns']
  const up = ['daemon', '--no-same-host', ...flags]

  async function start(): Promise<string> {
    await lumos.daemon(up)
    const status: unknown = JSON.parse((await lumos.run(['status', '--json'])).stdout)
    return /"url":"([^"]+)"/.exec(JSON.stringify(status))?.[1] ?? ''
  }

  const url = await start()
  const created = await lumos.run(['auth', 'token', 'create', '--json'])
  const token = /"secret":"([^"]+)"/.exec(created.stdout)?.[1] ?? ''
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'count' }] }
  const hook = await startPushReceiver()
  const configuration = { taskPushNotificationConfig: { url: hook.url, token: 'mine' } }
  const begun = await untilAgentIsKnown(() =>
    fetch(`${url}/agents/count/message:stream`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ message, configuration })
    })
  )
  const before: ReceivedEvent[] = []
  for await (const event of readEvents(begun)) {
    before.push(event)
    if (textIn(before) === 'one two ') break
  }
  const id = /"id":"([^"]+)"/.exec(before[0]?.data ?? '')?.[1] ?? ''
  await hook.until(() => hook.hits.some(({ body }) => body.includes('SUBMITTED')))
  await lumos.kill('SIGKILL')
  letGoOn()

  const again = await start()
  const resumed = await fetch(`${again}/agents/count/tasks/${id}:subscribe`, {
    headers: { ...headers, 'last-event-id': before.at(-1)?.id ?? '' }
  })
  const after = await Array.fromAsync(readEvents(resumed))
  expect(textIn(after)).toBe('three four')
  expect(after[0]?.data).toContain('"task"')
  expect(after.at(-1)?.data).toContain('TASK_STATE_COMPLETED')

  // What was under way when it was killed may come twice; nothing is missing, and all in order.
  await hook.until(() => hook.hits.some(({ body }) => body.includes('TASK_STATE_COMPLETED')))
  const pushed = hook.hits.map(({ body }) => body).filter((body, at, all) => body !== all[at - 1])
  expect(pushed).toEqual([...new Set(pushed)])
  expect(pushed[0]).toContain('TASK_STATE_SUBMITTED')
  expect(pushed.filter((body) => body.includes(JSON.stringify(PIECES.join(''))))).toHaveLength(1)
  expect(pushed.at(-1)).toContain('TASK_STATE_COMPLETED')
  const tokens = hook.hits.map(({ headers: sent }) => sent['x-a2a-notification-token'])
  expect(new Set(tokens)).toEqual(new Set(['mine']))

  const whole = await fetch(`${again}/agents/count/tasks/${id}`, { headers })
  expect(await whole.text()).toContain(JSON.stringify(PIECES.join('')))
})

/** A node that has just started hears of its peers' agents a moment later. */
async function untilAgentIsKnown(ask: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const answer = await ask()
    if (answer.status !== 404) return answer
    await answer.text()
  }
}

function textIn(events: readonly ReceivedEvent[]): string {
  return events
    .filter(({ data }) => data.includes('"artifactUpdate"'))
    .map(({ data }) => /"text":"([^"]*)"/.exec(data)?.[1] ?? '')
    .join('')
}

/** Attacks of a member by the tasks it gives. */
import { setTimeout as pause } from 'node:timers/promises'
import { LIMITS } from '../../../core/limits.ts'
import { taskIdMetadata } from '../../../protocols/a2a/extensions.ts'
import { ShowsNothing } from '../attack.ts'
import type { Attack } from '../attack.ts'
import { asking, order, pour, rawSession } from './asking.ts'
import { codeOf, repeat, repeatAtOnce, Tally } from './attempts.ts'

const taskFlood: Attack = {
  name: 'task flood',
  threats: [6, 31],
  expected: '`OVERLOADED` above `agentTasksPerPeer`; others have their places',
  async run(kit) {
    const { client } = await asking(kit)
    const tally = new Tally()
    await repeatAtOnce(kit, 500, async () => {
      const asked = client.sendMessage(order('calc', '7^77777 % 1000007'), { signal: kit.signal })
      const outcome = await asked.then(({ task }) => task?.status.state ?? 'message', codeOf)
      if (!kit.signal.aborted) tally.add(outcome)
      if (outcome === 'OVERLOADED') await pause(20)
    })
    if (tally.count('OVERLOADED') === 0) throw new ShowsNothing(`all were taken: ${tally.text()}`)
    return tally.text()
  }
}

const replayedTasks: Attack = {
  name: 'replayed and altered tasks',
  threats: [7],
  expected: 'the same task again; other work under its id `TASK_CONFLICT`',
  async run(kit) {
    const { client } = await asking(kit)
    const taskId = crypto.randomUUID()
    const request = { ...order('clock', 'utc'), metadata: taskIdMetadata(taskId) }
    const { task } = await client.sendMessage(request, {})
    if (task === undefined) throw new Error('no task')
    const tally = new Tally()
    const wrong: string[] = []
    await repeat(kit, async (round) => {
      const altered = { ...request, message: { ...request.message, parts: [{ text: `${round}` }] } }
      const [again, other] = await Promise.all([
        client.sendMessage(request, {}),
        client.sendMessage(altered, {}).then(() => 'taken', codeOf)
      ])
      if (JSON.stringify(again.task?.artifacts) !== JSON.stringify(task.artifacts)) {
        wrong.push('it was done anew')
      }
      tally.add(other)
    })
    if (wrong.length > 0 || tally.count('taken') > 0)
      throw new Error(`${wrong[0]}, ${tally.text()}`)
    return `the same answer each time; altered: ${tally.text()}`
  }
}

const foreignTasks: Attack = {
  name: 'tasks of others',
  threats: [31],
  expected: '`TASK_NOT_FOUND`: who did not give a task neither sees nor ends it',
  async run(kit) {
    const [{ client }, other] = await Promise.all([asking(kit), asking(kit)])
    const { task } = await other.client.sendMessage(order('clock', 'utc'), {})
    if (task === undefined) throw new Error('no task')
    const tally = new Tally()
    await repeat(kit, async () => {
      const tried = [client.getTask({ id: task.id }, {}), client.cancelTask({ id: task.id }, {})]
      for (const answer of tried) tally.add(await answer.then(() => 'told', codeOf))
    })
    if (tally.count('told') > 0) throw new Error(tally.text())
    return tally.text()
  }
}

const oversized: Attack = {
  name: 'oversized messages',
  threats: [2, 30],
  expected: '`PAYLOAD_TOO_LARGE` while they arrive, above `messageBytes`, or what the method says',
  durationMs: 4000,
  async run(kit) {
    const node = await kit.bare()
    const raw = await rawSession(kit, node)
    if (raw === undefined) throw new ShowsNothing('no session')
    const poured: string[] = []
    for (const [at, method] of ['a2a.GetTask', 'presence.exchange', 'a2a.SendMessage'].entries()) {
      const link = { raw, signal: kit.signal }
      const sent = await pour(link, 2 * at + 1, { method, most: 2 * LIMITS.messageBytes.value })
      if (sent > 1.5 * LIMITS.messageBytes.value) throw new Error(`${method} took ${sent} bytes`)
      const refusal = raw.heard.findLast((frame) => frame.startsWith('error')) ?? 'none'
      if (refusal !== 'error PAYLOAD_TOO_LARGE') throw new ShowsNothing(`${method}: ${refusal}`)
      poured.push(`${method} after ${Math.round(sent / 1024)} KiB`)
    }
    return `refused: ${poured.join(', ')}`
  }
}

const largest: Attack = {
  name: 'the largest messages that there may be',
  threats: [2, 30],
  expected: 'taken one after the other; what they hold is given back',
  durationMs: 4000,
  async run(kit) {
    const { client } = await asking(kit)
    const text = 'x'.repeat(LIMITS.messageBytes.value - 64 * 1024)
    const tally = new Tally()
    await repeat(kit, async () => {
      const answer = client.sendMessage(order('clock', text), { signal: kit.signal })
      tally.add(await answer.then(({ task }) => task?.status.state ?? 'message', codeOf))
    })
    return `each of nearly \`messageBytes\`: ${tally.text()}`
  }
}

export const TASK_ATTACKS: readonly Attack[] = [
  taskFlood,
  replayedTasks,
  foreignTasks,
  oversized,
  largest
]

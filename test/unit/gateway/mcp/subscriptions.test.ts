/** Streams of MCP that tell what changes, without a session: no caller has so many that others have none. */
import { expect, test, vi } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { PATIENCE } from '../../../support/patience.ts'
import { mcpCall, setup } from '../../../support/revocable-gateway.ts'

const LISTEN = mcpCall('subscriptions/listen', { notifications: { toolsListChanged: true } })

test('one caller listens by a quarter of all streams, and others by theirs', async () => {
  const { enter, ask, listen } = await setup()
  const ann = await enter('ann')
  const leaving = new AbortController()
  const { signal } = leaving
  const own = Array.from({ length: LIMITS.mcpSessions.value / 4 - 1 }, () => listen(ann, LISTEN))
  await Promise.all([...own, listen(ann, { ...LISTEN, signal })])
  const refused = await ask(ann, LISTEN)
  expect(refused.status).toBe(429)
  expect(await refused.text()).toContain('OVERLOADED')
  await listen(await enter('bob'), LISTEN)
  leaving.abort()
  await vi.waitFor(() => listen(ann, LISTEN), PATIENCE)
})

test('what is no stream takes no place, however often it is asked', async () => {
  const { enter, ask } = await setup()
  const ann = await enter('ann')
  const malformed = mcpCall('subscriptions/listen', { notifications: 1 })
  for (let times = 0; times < LIMITS.mcpSessions.value; times += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const answer = await ask(ann, times % 2 === 0 ? malformed : mcpCall('tools/list', {}))
    // oxlint-disable-next-line no-await-in-loop -- as above
    await answer.text()
    expect(answer.status).not.toBe(429)
  }
})

/** What the clock answers on a given Friday. */
import { expect, onTestFinished, test } from 'vitest'
import { createClockAgent } from '../../../../agents/clock/clock-agent.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { createRunner } from '../../../support/agent-runner.ts'

/** Friday, 21 November 2025, 08:30 UTC. */
const NOW = Date.UTC(2025, 10, 21, 8, 30)

function setup() {
  const clock = Object.assign(new ManualClock(), { now: () => NOW })
  const runner = createRunner([createClockAgent({ clock, zone: 'Europe/Berlin' })])
  onTestFinished(() => runner.stop())
  return (question: string): Promise<string> => runner.text('clock', question)
}

test.for([
  ['time in Tokyo', 'Tokyo: Friday, 21 November 2025 at 17:30 (UTC+09:00, Asia/Tokyo)'],
  ['what time is it in São Paulo?', 'Sao Paulo: Friday, 21 November 2025 at 05:30'],
  ['india', 'India: Friday, 21 November 2025 at 14:00 (UTC+05:30'],
  ['UTC+5:45', 'UTC+05:45: Friday, 21 November 2025 at 14:15'],
  ['14:30 Berlin in New York', '08:30 (UTC-05:00, America/New_York)'],
  ['9am Tokyo to London', '00:00 (UTC+00:00, Europe/London)'],
  ['noon Auckland in UTC', 'UTC: Thursday, 20 November 2025 at 23:00'],
  ['2026-07-01 12:00 London in UTC', 'UTC: Wednesday, 1 July 2026 at 11:00']
] as const)('answers "%s"', async ([question, answer]) => {
  expect(await setup()(question)).toContain(answer)
})

test('a time that is skipped is refused, with the reason', async () => {
  await expect(setup()('2026-03-29 02:30 Berlin in UTC')).rejects.toThrow('put forward')
})

test('a time that comes twice is said to', async () => {
  expect(await setup()('2026-10-25 02:30 Berlin in UTC')).toMatch(/twice|second|again/)
})

test.for(['25:00 Berlin', '2026-02-30 12:00 Berlin in UTC', 'time in Atlantis'])(
  'refuses "%s"',
  async (question) => {
    await expect(setup()(question)).rejects.toMatchObject({ code: 'AGENT_INPUT' })
  }
)

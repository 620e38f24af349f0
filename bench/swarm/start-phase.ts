/** All nodes start at once, in random order, and know one of them: until they are a swarm. */
import { nowMs } from '../memory/clock.ts'
import { BOOTSTRAP } from './fleet.ts'
import { lookUps, reachedText, untilFound, untilMeshed } from './measures.ts'
import { shuffled } from './stage.ts'
import type { Stage } from './stage.ts'

/** What issue 10 promises of a hundred nodes. */
const SWARM_MS = 10_000

export async function startPhase(stage: Stage): Promise<void> {
  const { fleet, random, book, say } = stage
  await fleet.open()
  await fleet.start([fleet.member(BOOTSTRAP)])
  const others = fleet.members.filter(({ index }) => index !== BOOTSTRAP)
  const since = nowMs()
  await fleet.start(shuffled(random, others))
  const startedMs = Math.round(nowMs() - since)
  say(`all have started after ${startedMs} ms`)
  const [meshed, found] = await Promise.all([untilMeshed(stage, since), untilFound(stage, since)])
  say(`all have their peers after ${reachedText(meshed)}, all find all after ${reachedText(found)}`)
  const lookups = await lookUps(stage, { count: 20 * fleet.members.length })
  book.note('start', { startedMs, meshed, found, lookups })
  book.atMost('start: every node has its peers', meshed.lastMs, [SWARM_MS, 'ms'])
  book.atMost('start: every skill found by every node', found.lastMs, [SWARM_MS, 'ms'])
  book.whole('start: lookups that succeed', lookups.success)
}

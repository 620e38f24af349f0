/** The node that all others met at is killed, and comes back: nobody else notices. */
import { nowMs } from '../memory/clock.ts'
import { BOOTSTRAP } from './fleet.ts'
import { measuredText } from './figures.ts'
import {
  delegations,
  lookUps,
  reachedText,
  untilFound,
  untilGone,
  untilMeshed
} from './measures.ts'
import type { Stage } from './stage.ts'

const LOOKUPS_PER_NODE = 10
const TASKS_PER_NODE = 2
const BACK_MS = 10_000

export async function bootstrapPhase(stage: Stage): Promise<void> {
  const { fleet, book, say } = stage
  const { host, peer } = fleet.member(BOOTSTRAP)
  const killed = nowMs()
  await fleet.kill(host)
  const nodes = fleet.running().length
  const gone = untilGone(stage, { peers: [peer], since: killed })
  const meshed = await untilMeshed(stage, killed)
  const lookups = await lookUps(stage, { count: LOOKUPS_PER_NODE * nodes })
  const tasks = await delegations(stage, { count: TASKS_PER_NODE * nodes })
  const { lastMs: goneMs } = await gone
  say(
    `without it: peers again after ${reachedText(meshed)}, forgotten after ${measuredText(goneMs, 'ms')}`
  )
  await fleet.open([host])
  const back = nowMs()
  await fleet.start(fleet.of(host))
  const found = await untilFound(stage, back)
  const meshedAgain = await untilMeshed(stage, back)
  say(`it is back: all find all after ${reachedText(found)}`)
  book.note('bootstrap', { meshed, goneMs, lookups, delegations: tasks, found, meshedAgain })
  book.whole('bootstrap killed: lookups that succeed', lookups.success)
  book.whole('bootstrap killed: delegations that succeed', tasks.success)
  book.atMost('bootstrap back: every skill found by every node', found.lastMs, [BACK_MS, 'ms'])
}

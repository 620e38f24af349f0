/** Nodes go, with a word and without one: until the others have forgotten them, and are a swarm again. */
import { nowMs } from '../memory/clock.ts'
import { spreadOf } from './figures.ts'
import { BOOTSTRAP } from './fleet.ts'
import {
  delegations,
  lookUps,
  reachedText,
  untilFound,
  untilGone,
  untilMeshed
} from './measures.ts'
import { shuffled } from './stage.ts'
import type { Stage } from './stage.ts'

const CLEAN_STOPS = 3
const CLEAN_MS = 5000
/** Share of the nodes that are killed at once. */
const KILLED = 0.2
const KILLED_MS = 20_000
const MENDED_MS = 10_000
const LOOKUPS_PER_NODE = 10
const TASKS_PER_NODE = 2

/** From the wish to stop on. */
export async function stopPhase(stage: Stage): Promise<void> {
  const { fleet, random, book, say } = stage
  const others = fleet.running().filter(({ index }) => index !== BOOTSTRAP)
  const times: number[] = []
  for (const member of shuffled(random, others).slice(0, CLEAN_STOPS)) {
    const since = nowMs()
    await fleet.stop(member)
    times.push((await untilGone(stage, { peers: [member.peer], since })).lastMs)
    await fleet.start([member])
    await untilFound(stage, nowMs())
  }
  const gone = spreadOf(times)
  say(`a node that stops is forgotten after ${gone.most} ms at most`)
  book.note('stop', { gone })
  book.atMost('clean stop: forgotten by all', Math.max(...times), [CLEAN_MS, 'ms'])
}

/** Whole processes, so that many vanish in the same moment, and neighbours with them. */
export async function killPhase(stage: Stage): Promise<void> {
  const { fleet, book, say } = stage
  const hosts = victims(stage)
  const peers = hosts.flatMap((host) => fleet.of(host).map(({ peer }) => peer))
  const since = nowMs()
  await Promise.all(hosts.map((host) => fleet.kill(host)))
  const [gone, meshed] = await Promise.all([
    untilGone(stage, { peers, since }),
    untilMeshed(stage, since)
  ])
  const nodes = fleet.running().length
  say(
    `${peers.length} killed: forgotten after ${reachedText(gone)}, mesh mended after ${reachedText(meshed)}`
  )
  const lookups = await lookUps(stage, { count: LOOKUPS_PER_NODE * nodes })
  const tasks = await delegations(stage, { count: TASKS_PER_NODE * nodes })
  await fleet.open(hosts)
  const back = nowMs()
  await fleet.start(hosts.flatMap((host) => fleet.of(host)))
  const found = await untilFound(stage, back)
  const meshedAgain = await untilMeshed(stage, back)
  say(`they are back: all find all after ${reachedText(found)}`)
  const killed = peers.length
  book.note('kill', { killed, gone, meshed, lookups, delegations: tasks, found, meshedAgain })
  book.atMost('20 % killed: forgotten by all', gone.lastMs, [KILLED_MS, 'ms'])
  book.atMost('20 % killed: every node has its peers again', meshed.lastMs, [MENDED_MS, 'ms'])
  book.whole('20 % killed: lookups that succeed', lookups.success)
  book.whole('20 % killed: delegations that succeed', tasks.success)
}

/** At least one; no more than rounding makes of a fifth. */
function victims({ fleet, random }: Stage): readonly number[] {
  const wanted = KILLED * fleet.members.length
  const chosen: number[] = []
  let nodes = 0
  for (const host of shuffled(random, fleet.hosts.slice(1))) {
    const size = fleet.of(host).length
    if (chosen.length > 0 && nodes + size / 2 > wanted) break
    chosen.push(host)
    nodes += size
  }
  return chosen
}

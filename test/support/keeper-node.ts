/** A keeper of shared memory whose repairs end when the test says so. */
import { onTestFinished } from 'vitest'
import { LumosError } from '../../core/errors.ts'
import { silentLogger } from '../../core/logger.ts'
import { createKeeper } from '../../memory/repair/keeper.ts'
import type { RepairResult } from '../../memory/repair/repair.ts'
import { createBlame } from '../../trust/blame.ts'
import { ManualClock } from './manual-clock.ts'
import { seededRandom } from './random.ts'
import { SessionNetwork } from './session-network.ts'

const EQUAL: RepairResult = { pulled: 0, pushed: 0, audited: 0, dropped: 0, equal: true }

export interface Run {
  readonly space: string
  readonly peer: string
  readonly at: number
  readonly end: (outcome?: LumosError | Partial<RepairResult>) => void
}

/** A node called `m`: peers before it in the alphabet begin on meeting, those behind it are asked. */
export async function startKeeper({ instant = true, seed = 1 } = {}) {
  const clock = new ManualClock()
  const network = new SessionNetwork(clock)
  const sessions = network.add('m')
  const blame = createBlame({ clock, logger: silentLogger })
  const runs: Run[] = []
  const keeper = createKeeper(
    {
      clock,
      random: seededRandom(seed),
      logger: silentLogger,
      sessions,
      blame,
      async repair(space, { peer }, signal) {
        const done = Promise.withResolvers<RepairResult>()
        const end: Run['end'] = (outcome) =>
          outcome instanceof LumosError
            ? done.reject(outcome)
            : done.resolve({ ...EQUAL, ...outcome })
        signal.addEventListener('abort', () => end(new LumosError('CANCELLED')))
        runs.push({ space, peer, at: clock.now(), end })
        if (instant) end()
        return done.promise
      }
    },
    { self: 'm' }
  )
  keeper.add('facts')
  await keeper.start()
  onTestFinished(() => keeper.stop())
  async function meet(...peers: readonly string[]): Promise<void> {
    for (const peer of peers) {
      network.add(peer)
      network.link('m', peer)
    }
    await clock.advance(0)
  }
  const seen = (): string[] => runs.map(({ space, peer }) => `${space} ${peer}`)
  return { clock, network, blame, keeper, runs, meet, seen }
}

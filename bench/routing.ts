/**
 * Ways to choose a worker, compared in a simulated swarm of 1,000 peers; and what one choice among 1,000 candidates costs.
 *
 * Run: `node bench/routing.ts [tasks per run, default 12000] [seed]`. Two minutes; the tables go into docs/routing.md.
 */
import { ROUTE_POLICIES } from '../core/route-choice.ts'
import { LumosError } from '../core/errors.ts'
import { systemClock } from '../core/clock.ts'
import { createSelector } from '../routing/selector.ts'
import { seededRandom } from '../test/support/random.ts'
import { provider } from '../test/support/routing.ts'
import { play, SCENARIO_NAMES } from '../test/support/routing-simulation/scenarios.ts'
import type { Method } from '../test/support/routing-simulation/world.ts'

const [tasks = 12_000, seed = 1] = process.argv.slice(2).map(Number)

const METHODS: readonly Method[] = ['lumos', 'unhedged', 'least-loaded', 'round-robin', 'random']

const out = (line: string): void => void process.stdout.write(`${line}\n`)

out(
  '| swarm | chosen by | p50 ms | p95 ms | p99 ms | success | second workers | wasted calls | fairness |'
)
out('|---|---|---|---|---|---|---|---|---|')
for (const scenario of SCENARIO_NAMES) {
  for (const method of METHODS) {
    const { report } = await play({ scenario, method, seed, tasks })
    const times = [report.p50, report.p95, report.p99].map((ms) => ms.toFixed(0))
    const parts = [report.success, report.hedged, report.wasted].map(
      (part) => `${(100 * part).toFixed(2)} %`
    )
    out(`| ${[scenario, method, ...times, ...parts, report.fairness.toFixed(2)].join(' | ')} |`)
  }
}

/** As many as a search is ever asked for, all of them known, some of them excluded. */
const CANDIDATES = 1000
const ROUNDS = 2000

out('')
out('| policy | one choice among 1,000, median µs | 95th percentile µs |')
out('|---|---|---|')
for (const policy of ROUTE_POLICIES) {
  const random = seededRandom(seed)
  const selector = createSelector({
    workers: { rttMs: () => 20, silent: { has: () => false } },
    clock: systemClock,
    random
  })
  const candidates = Array.from({ length: CANDIDATES }, (_, index) =>
    provider(`12D3KooW${index}${'x'.repeat(40)}`, { load: random.next(), slots: 4 })
  )
  for (const [index, candidate] of candidates.entries()) {
    const call = selector.begin(candidate)
    if (index % 10 === 0) call.failed(new LumosError('SESSION_CLOSED'))
    call.closed()
  }
  const times = Array.from({ length: ROUNDS }, (_, round) => {
    const began = performance.now()
    selector.choose(candidates, { policy, thread: `thread-${round}` })
    return (performance.now() - began) * 1000
  }).toSorted((a, b) => a - b)
  const at = (part: number): string => (times[Math.floor(part * ROUNDS)] ?? NaN).toFixed(0)
  out(`| ${policy} | ${at(0.5)} | ${at(0.95)} |`)
}

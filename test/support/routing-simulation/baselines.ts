/** Simpler ways to choose a worker, which the real one is compared with. */
import { LIMITS } from '../../../core/limits.ts'
import type { Random } from '../../../core/random.ts'
import type { RouteProvider } from '../../../routing/directory-port.ts'
import type { Call } from '../../../routing/call-watch.ts'
import type { Selector } from '../../../routing/selector.ts'

export type Baseline = 'random' | 'round-robin' | 'least-loaded'

/** Learns nothing of a call. */
const INDIFFERENT: Call = { heard() {}, failed() {}, closed() {} }

export function createBaseline(name: Baseline, random: Random): Selector {
  const pick = { random: atRandom, 'round-robin': inTurn(), 'least-loaded': leastLoaded }[name]
  return {
    choose(candidates) {
      const provider = pick(candidates, random)
      return provider && { provider, compared: [], excluded: {} }
    },
    begin: () => INDIFFERENT,
    patienceMs: () => LIMITS.acceptance.value,
    lateAfterMs: () => undefined,
    second: () => undefined,
    explain: () => []
  }
}

type Pick = (candidates: readonly RouteProvider[], random: Random) => RouteProvider | undefined

function atRandom(candidates: readonly RouteProvider[], random: Random): RouteProvider | undefined {
  return candidates[Math.floor(random.next() * candidates.length)]
}

function inTurn(): Pick {
  let turn: number | undefined
  return (candidates, random) => {
    // Callers that all began with the first one would be in step.
    turn = (turn ?? Math.floor(random.next() * candidates.length)) + 1
    return candidates[turn % candidates.length]
  }
}

/** By what the peers said of themselves; one of the least at random. */
function leastLoaded(
  candidates: readonly RouteProvider[],
  random: Random
): RouteProvider | undefined {
  let best: RouteProvider[] = []
  let least = Infinity
  for (const candidate of candidates) {
    const { load = 0 } = candidate
    if (load > least) continue
    if (load < least) best = []
    least = load
    best.push(candidate)
  }
  return atRandom(best, random)
}

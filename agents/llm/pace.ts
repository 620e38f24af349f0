/** Spreads what begins at the same moment over turns of the event loop, so that timers and sockets get theirs. */

/** To begin a request takes some 0.5 ms (bench/agents.ts): so many hold up everything else by less than 10 ms. */
const BEGINNINGS_PER_TURN = 16

/** `undefined` for whoever may begin at once, which is everybody but a crowd; in order. */
export type Pace = () => Promise<void> | undefined

export function createPace(): Pace {
  const waiting: (() => void)[] = []
  let begun = 0
  let armed = false

  function arm(): void {
    if (armed) return
    armed = true
    setImmediate(turn)
  }

  function turn(): void {
    armed = false
    const next = waiting.splice(0, BEGINNINGS_PER_TURN)
    begun = next.length
    for (const begin of next) begin()
    // One more turn, so that a crowd of this one is told from one of the next.
    if (begun > 0) arm()
  }

  return () => {
    arm()
    if (waiting.length > 0 || begun >= BEGINNINGS_PER_TURN) {
      return new Promise((resolve) => waiting.push(resolve))
    }
    begun += 1
    return undefined
  }
}

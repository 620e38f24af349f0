/** Long work in slices, between which others have their turn of the event loop. */
import { nextTurn } from '../core/turn.ts'

export interface Slices {
  /** Counts work that was done; a turn for others when the slice is over, and `undefined` before. */
  spend(steps: number): Promise<void> | undefined
}

/** Of some 0.5 µs each: a few milliseconds. */
const STEPS = 8192

export function createSlices(): Slices {
  let left = STEPS
  return {
    spend(steps) {
      left -= steps
      if (left > 0) return undefined
      left = STEPS
      return nextTurn()
    }
  }
}

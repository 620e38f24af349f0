/** The end of a turn of the event loop, injected so that tests and simulations decide when it comes. */
import { setImmediate as turn } from 'node:timers/promises'

/** Runs `action` when the work at hand is done, once. */
export type Defer = (action: () => void) => void

/** Work on more than this in one go is felt by others: parsing or hashing it takes some 10 ms. */
const HEAVY_BYTES = 1024 * 1024

/** Resolves after others had their turn of the event loop. */
export function nextTurn(): Promise<void> {
  return turn()
}

/** A turn of the event loop for others after work on `bytes`, unless it was little. */
export function othersFirst(bytes: number): Promise<void> | undefined {
  return bytes < HEAVY_BYTES ? undefined : nextTurn()
}

/** After the events that are due in this turn of the loop. */
export const afterThisTurn: Defer = (action) => void setImmediate(action)

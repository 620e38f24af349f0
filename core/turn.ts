/** The end of a turn of the event loop, injected so that tests and simulations decide when it comes. */

/** Runs `action` when the work at hand is done, once. */
export type Defer = (action: () => void) => void

/** After the events that are due in this turn of the loop. */
export const afterThisTurn: Defer = (action) => void setImmediate(action)

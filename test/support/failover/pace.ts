/** How fast the agents of the failover test work, which tells what is late. */

/** Milliseconds that an agent is silent at most while it works. */
interface Pace {
  readonly pauseMs: number
  readonly pieces: number
}

export const PACE = {
  quick: { pauseMs: 20, pieces: 1 },
  slow: { pauseMs: 1000, pieces: 1 },
  stream: { pauseMs: 50, pieces: 20 },
  once: { pauseMs: 50, pieces: 1 },
  /** Of each agent at each worker. */
  places: 8
} as const satisfies Readonly<Record<string, Pace | number>>

export type AgentName = 'quick' | 'slow' | 'stream' | 'once'

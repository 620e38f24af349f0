/** What agents of tests say: text that both ends can make of the same few words. */
import { seededRandom } from './random.ts'

/** What a task for the agent says, as JSON. */
export interface Talk {
  readonly seed: number
  readonly pieces: number
  /** Characters of each piece. */
  readonly length: number
  readonly pauseMs: number
}

/** All that the agent will say: the same for the same seed. */
export function* talk({ seed, pieces, length }: Talk): Iterable<string> {
  const random = seededRandom(seed)
  for (let piece = 0; piece < pieces; piece += 1) {
    yield Buffer.from(random.bytes(length)).toString('base64').slice(0, length)
  }
}

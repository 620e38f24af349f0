/** Fair picks with an injected source of randomness. */
import type { Random } from '../../core/random.ts'

/** Up to `count` of `items` in random order (Fisher and Yates, stopped early). */
export function sample<T>(items: Iterable<T>, count: number, random: Random): T[] {
  const pool = [...items]
  const wanted = Math.min(count, pool.length)
  for (let index = 0; index < wanted; index++) {
    const other = index + Math.floor(random.next() * (pool.length - index))
    const chosen = pool.splice(other, 1)
    pool.splice(index, 0, ...chosen)
  }
  return pool.slice(0, wanted)
}

/** Notices that a level has become so many times as high or low within a moment. */

/** Links that are cut without a word take this long to be missed, one sooner and another later. */
const MOMENT_MS = 30_000
/** A fall begins where a level is so many times lower: one of many may always go. */
const BEGUN = 1.1

export type Way = 'fewer' | 'more'

export interface Swing {
  readonly way: Way
  /** The level that it is measured by. */
  readonly before: number
  /** When the level last was about that, in monotonic milliseconds. */
  readonly lastAt: number
}

interface Look {
  readonly level: number
  readonly at: number
}

/** Told of a level again and again, it says when that is `factor` times as high or low as at some time of the last moment, and since the swing before. */
export function createSwing(factor: number): (level: number, now: number) => Swing | undefined {
  let looks: readonly Look[] = []
  return (level, now) => {
    const levels = looks.map((look) => look.level)
    const [most, least] = [Math.max(...levels), Math.min(...levels)]
    const before = most >= factor * level ? most : level >= factor * least ? least : undefined
    const past = looks
    const kept = before === undefined ? looks.filter(({ at }) => at > now - MOMENT_MS) : []
    looks = [...kept, { level, at: now }]
    if (before === undefined) return undefined
    const isLike = (look: Look): boolean =>
      look.level * BEGUN >= before && look.level <= before * BEGUN
    const { at: lastAt = now } = past.findLast(isLike) ?? {}
    return { way: before > level ? 'fewer' : 'more', before, lastAt }
  }
}

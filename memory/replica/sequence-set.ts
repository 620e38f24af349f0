/** Which of a writer's numbers a replica has done with: mostly one run from 1, and a few runs beyond gaps. */

export type SequenceRange = readonly [first: number, last: number]

/** Ascending, with at least one number between two ranges. */
export type SequenceSet = readonly SequenceRange[]

export const NOTHING: SequenceSet = []

export function includes(set: SequenceSet, sequence: number): boolean {
  return set.some(([first, last]) => first <= sequence && sequence <= last)
}

/** Up to where no number from 1 on is missing; 0 when 1 is. */
export function contiguous(set: SequenceSet): number {
  const [first] = set
  return first?.[0] === 1 ? first[1] : 0
}

/** The greatest number; 0 when there is none. */
export function greatest(set: SequenceSet): number {
  return set.at(-1)?.[1] ?? 0
}

/** `set` and the numbers `first` to `last`. */
export function withRange(set: SequenceSet, [first, last]: SequenceRange): SequenceSet {
  if (first > last) return set
  const before = set.filter((range) => range[1] < first - 1)
  const after = set.filter((range) => range[0] > last + 1)
  const touched = set.slice(before.length, set.length - after.length)
  const joined: SequenceRange = [
    Math.min(first, touched[0]?.[0] ?? first),
    Math.max(last, touched.at(-1)?.[1] ?? last)
  ]
  return [...before, joined, ...after]
}

/** The numbers of `set` that are not in `other`. */
export function difference(set: SequenceSet, other: SequenceSet): SequenceSet {
  const rest: SequenceRange[] = []
  for (const [first, last] of set) {
    let from = first
    for (const [otherFirst, otherLast] of other) {
      if (otherLast < from) continue
      if (otherFirst > last) break
      if (otherFirst > from) rest.push([from, otherFirst - 1])
      from = otherLast + 1
    }
    if (from <= last) rest.push([from, last])
  }
  return rest
}

/**
 * At most `count` ranges, the lowest. What is left out counts as not known: it is sent once more,
 * which does no harm.
 */
export function bounded(set: SequenceSet, count: number): SequenceSet {
  return set.length <= count ? set : set.slice(0, count)
}

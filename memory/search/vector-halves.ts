/** Cuts a list of vectors into two of neighbours: 2-means on the sphere. */
import type { UnitVector, VectorTable } from './vector-table.ts'
import { unitVector } from './vector-table.ts'

type Slots = readonly number[]

/** More rounds move hardly a vector. */
const ROUNDS = 6

/** Both have members, also when all vectors are equal. */
export function halvesOf(table: VectorTable, slots: Slots): readonly [Slots, Slots] {
  const first = farthest(table, slots, table.vectorAt(slots[0] ?? 0))
  let centres = [first, farthest(table, slots, first)] as const
  let parts = divided(table, slots, centres)
  for (let round = 0; round < ROUNDS && isCut(parts); round += 1) {
    centres = [centreOf(table, parts[0]), centreOf(table, parts[1])]
    const next = divided(table, slots, centres)
    if (!isCut(next)) break
    parts = next
  }
  if (isCut(parts)) return parts
  const middle = slots.length >> 1
  return [slots.slice(0, middle), slots.slice(middle)]
}

/** The direction in which they point together. */
export function centreOf(table: VectorTable, slots: Slots): UnitVector {
  const sum = new Float32Array(table.dimensions)
  for (const slot of slots) {
    const vector = table.vectorAt(slot)
    for (let at = 0; at < sum.length; at += 1) sum[at] = (sum[at] ?? 0) + (vector[at] ?? 0)
  }
  // Opposite vectors have no common direction: then any will do.
  return unitVector(sum) ?? sum
}

function divided(
  table: VectorTable,
  slots: Slots,
  [left, right]: readonly [UnitVector, UnitVector]
): readonly [Slots, Slots] {
  const parts: [number[], number[]] = [[], []]
  for (const slot of slots) {
    const nearerLeft = table.cosine(slot, left) >= table.cosine(slot, right)
    parts[nearerLeft ? 0 : 1].push(slot)
  }
  return parts
}

function isCut([left, right]: readonly [Slots, Slots]): boolean {
  return left.length > 0 && right.length > 0
}

function farthest(table: VectorTable, slots: Slots, from: UnitVector): UnitVector {
  let found = slots[0] ?? 0
  let lowest = Infinity
  for (const slot of slots) {
    const cosine = table.cosine(slot, from)
    if (cosine < lowest) [found, lowest] = [slot, cosine]
  }
  return table.vectorAt(found).slice()
}

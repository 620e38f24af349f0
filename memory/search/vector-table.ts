/** Vectors of one length, side by side in memory, by the key they belong to. */

/** Of length 1, so that the product of two is the cosine of their angle. */
export type UnitVector = Float32Array

export interface VectorTable {
  readonly dimensions: number
  readonly count: number
  keyAt(slot: number): string
  slotOf(key: string): number | undefined
  vectorAt(slot: number): UnitVector
  /** @returns its slot, which stays its own until it is deleted */
  add(key: string, vector: UnitVector): number
  delete(key: string): void
  /** The cosine between the vector at `slot` and `other`. */
  cosine(slot: number, other: UnitVector): number
}

const FIRST_SLOTS = 64

export function createVectorTable(dimensions: number): VectorTable {
  const slots = new Map<string, number>()
  const keys: string[] = []
  const free: number[] = []
  let floats = new Float32Array(FIRST_SLOTS * dimensions)

  function room(): number {
    const slot = free.pop() ?? keys.length
    if ((slot + 1) * dimensions <= floats.length) return slot
    const larger = new Float32Array(floats.length * 2)
    larger.set(floats)
    floats = larger
    return slot
  }

  return {
    dimensions,
    get count() {
      return slots.size
    },
    keyAt: (slot) => keys[slot] ?? '',
    slotOf: (key) => slots.get(key),
    vectorAt: (slot) => floats.subarray(slot * dimensions, (slot + 1) * dimensions),
    add(key, vector) {
      const slot = room()
      keys[slot] = key
      slots.set(key, slot)
      floats.set(vector, slot * dimensions)
      return slot
    },
    delete(key) {
      const slot = slots.get(key)
      if (slot === undefined) return
      slots.delete(key)
      keys[slot] = ''
      free.push(slot)
    },
    cosine: (slot, other) => product(floats, slot * dimensions, other)
  }
}

export function cosine(a: UnitVector, b: UnitVector): number {
  return product(a, 0, b)
}

function product(floats: Float32Array, start: number, other: UnitVector): number {
  let sum = 0
  for (let at = 0; at < other.length; at += 1) sum += (floats[start + at] ?? 0) * (other[at] ?? 0)
  return sum
}

/** `undefined` when it has no direction. */
export function unitVector(numbers: ArrayLike<number>): UnitVector | undefined {
  const vector = Float32Array.from(numbers)
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
  // Numbers that are no floats, or too small or too large for their squares to be any.
  if (!Number.isFinite(length) || length === 0) return undefined
  return vector.map((value) => value / length)
}

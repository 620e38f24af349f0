/** Tells at once that a key is new, which nearly all are, so that asking for a task reads nothing from disk. */
import { LIMITS } from '../../core/limits.ts'

/** Keys are UUIDs made by a hash (version 8): their own digits are as good as any hash of them. */
export interface KnownKeys {
  /** False when the key is certainly not on disk; true when only the database can tell. */
  mayBeKept(key: string): boolean
  add(key: string): void
  /** Resolves when nothing is read any more. */
  stop(): Promise<void>
}

export interface KnownKeysComponents {
  /** All keys on disk; read in the background, when somebody asks for the first time. */
  readonly read: () => AsyncIterable<string>
}

export interface KnownKeysInit {
  /** Keys in the filter before it is made anew. */
  readonly most?: number
}

/**
 * As many as a full database and as many again: then the filter is made anew, without those that were forgotten.
 */
const MOST_KEYS = 2 * LIMITS.delegationsOnDisk.value

/** 512 KiB; with four of them a key, one new key in a thousand looks like a known one when it is full. */
const BITS = 2 ** 22
/** Where the digits of each begin in a key without dashes: beside those of version and variant. */
const PROBES = [0, 6, 17, 23]
const DIGITS = 6

interface Filter {
  readonly bits: Uint8Array
  count: number
  /** Whether all that is on disk is in it. */
  whole: boolean
}

/** A Bloom filter (Bloom 1970). Until it is whole, and after a reading that failed, every key may be kept. */
export function createKnownKeys(
  { read }: KnownKeysComponents,
  { most = MOST_KEYS }: KnownKeysInit = {}
): KnownKeys {
  let filter: Filter | undefined
  let reading: Promise<void> = Promise.resolve()
  let stopped = false

  function begin(): Filter {
    const begun = { bits: new Uint8Array(BITS / 8), count: 0, whole: false }
    filter = begun
    reading = reading.then(() => fill(begun))
    return begun
  }

  async function fill(begun: Filter): Promise<void> {
    try {
      for await (const key of read()) {
        if (stopped) return
        set(begun, key)
      }
      begun.whole = true
    } catch {
      // The database tells then, as it does for its own reasons whether it still can.
    }
  }

  return {
    mayBeKept(key) {
      const { whole, bits } = filter ?? begin()
      return !whole || placesOf(key).every((place) => has(bits, place))
    },
    add(key) {
      if (filter === undefined) return
      set(filter.count < most ? filter : begin(), key)
    },
    async stop() {
      stopped = true
      await reading
    }
  }
}

function placesOf(key: string): number[] {
  const digits = key.replaceAll('-', '')
  return PROBES.map((from) => Number.parseInt(digits.slice(from, from + DIGITS), 16) % BITS)
}

function has(bits: Uint8Array, place: number): boolean {
  return ((bits[place >>> 3] ?? 0) & (1 << (place & 7))) !== 0
}

function set(filter: Filter, key: string): void {
  for (const place of placesOf(key)) {
    const at = place >>> 3
    filter.bits[at] = (filter.bits[at] ?? 0) | (1 << (place & 7))
  }
  filter.count += 1
}

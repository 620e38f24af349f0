/** A number that only grows, across restarts and even when the clock is set back. */
import { z } from 'zod'
import type { Clock } from '../core/clock.ts'
import { LumosError } from '../core/errors.ts'
import { isErrno, readFileBounded, writeJsonAtomic } from './atomic-file.ts'
import { errnoText } from './private-directory.ts'

export interface Sequence {
  /** A number greater than all before, on disk before it is returned. */
  next(): Promise<number>
}

const document = z.object({ last: z.int().positive() })

/** Enough for any number that JSON can hold exactly. */
const FILE_BYTES = 64

/**
 * Numbers start at the clock's milliseconds, so that a lost file does no harm while the clock is
 * right; the file at `path` covers a clock that was set back. Rare use only: each number is an fsync.
 *
 * @throws HOME_UNUSABLE
 */
export function createSequence(clock: Clock, path: string): Sequence {
  let last: number | undefined
  let queue: Promise<unknown> = Promise.resolve()

  async function draw(): Promise<number> {
    try {
      last = Math.max((last ?? (await readLast(path))) + 1, clock.now())
      await writeJsonAtomic(path, { last })
    } catch (cause) {
      throw new LumosError('HOME_UNUSABLE', { cause, details: { path, reason: errnoText(cause) } })
    }
    return last
  }

  return {
    next() {
      const drawn = queue.then(draw)
      queue = drawn.catch(() => undefined)
      return drawn
    }
  }
}

async function readLast(path: string): Promise<number> {
  const file = await readFileBounded(path, FILE_BYTES).catch((error: unknown) => {
    if (isErrno(error, 'EACCES')) throw error
    return undefined
  })
  try {
    return document.parse(JSON.parse(Buffer.from(file?.content ?? []).toString())).last
  } catch {
    // A damaged file counts as lost: the clock takes over.
    return 0
  }
}

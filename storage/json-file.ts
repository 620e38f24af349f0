/** A small JSON document that one part of a node keeps for its next start. */
import { rename } from 'node:fs/promises'
import { LumosError } from '../core/errors.ts'
import { readFileBounded, writeFileAtomic } from './atomic-file.ts'

export interface JsonFileInit<T> {
  readonly path: string
  readonly maxBytes: number
  /** Throws when the document is none of ours. */
  readonly parse: (document: unknown) => T
}

export interface DamagedFile {
  /** Where its content is now. */
  readonly path: string
  readonly error: unknown
}

export interface JsonFile<T> {
  /**
   * `undefined` when there is none. One that says nothing sensible is put aside, so that the next
   * write does not take away what a person might still read in it, and `otherwise` decides.
   */
  read(otherwise: (damaged: DamagedFile) => T): Promise<T | undefined>
  /**
   * For what says no to others. One that says nothing sensible stays where it is, so that every start
   * ends here until a person has seen to it. `loss`: what would be so without it.
   *
   * @throws FILE_DAMAGED
   */
  readNeeded(loss: string): Promise<T | undefined>
  /**
   * Resolves when it is on disk. One after the other: the last one is what stays.
   *
   * @throws FILE_NOT_WRITTEN for what no start could read; what was there before stays
   */
  write(content: T): Promise<void>
}

export function createJsonFile<T>({ path, maxBytes, parse }: JsonFileInit<T>): JsonFile<T> {
  let last: Promise<void> = Promise.resolve()

  /** What is in it, or what `otherwise` makes of the reason why that says nothing. */
  async function readOr(otherwise: (error: unknown) => Promise<T>): Promise<T | undefined> {
    const file = await readFileBounded(path, maxBytes)
    if (file === undefined) return undefined
    try {
      return parse(JSON.parse(Buffer.from(file.content).toString()))
    } catch (error) {
      return otherwise(error)
    }
  }

  function textOf(content: T): string {
    const text = `${JSON.stringify(content, undefined, 2)}\n`
    const bytes = Buffer.byteLength(text)
    if (bytes > maxBytes) throw notWritten(`it would have ${bytes} bytes of at most ${maxBytes}`)
    try {
      parse(JSON.parse(text))
    } catch (cause) {
      throw notWritten('it would say nothing sensible', cause)
    }
    return text
  }

  function notWritten(reason: string, cause?: unknown): LumosError {
    return new LumosError('FILE_NOT_WRITTEN', { cause, details: { path, reason } })
  }

  return {
    read: (otherwise) =>
      readOr(async (error) => {
        const aside = `${path}.damaged`
        await rename(path, aside)
        return otherwise({ path: aside, error })
      }),
    readNeeded: (loss) =>
      readOr(async (cause) => {
        throw new LumosError('FILE_DAMAGED', { cause, details: { path, loss } })
      }),
    write(content) {
      const done = last.then(() => writeFileAtomic(path, textOf(content)))
      last = done.catch(() => undefined)
      return done
    }
  }
}

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
  /** Resolves when it is on disk. One after the other: the last one is what stays. */
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
      const done = last.then(() =>
        writeFileAtomic(path, `${JSON.stringify(content, undefined, 2)}\n`)
      )
      last = done.catch(() => undefined)
      return done
    }
  }
}

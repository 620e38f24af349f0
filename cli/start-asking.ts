/** Starts a node whose key may be encrypted: a person who is there is asked for the passphrase. */
import { LumosError } from '../core/errors.ts'
import type { Secret } from '../core/secret.ts'

export interface StartAsking<T> {
  readonly start: (passphrase?: Secret<string>) => Promise<T>
  /** `undefined` when nobody is there, or they leave. */
  readonly ask: (question: string) => Promise<Secret<string> | undefined>
}

/** As often as `sudo` asks. */
const MOST_TRIES = 3

/** @throws what `start` throws: KEY_LOCKED when nobody answers, KEY_PASSPHRASE after three wrong answers */
export async function startAsking<T>({ start, ask }: StartAsking<T>): Promise<T> {
  try {
    return await start()
  } catch (error) {
    let failure: unknown = error
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const question = questionAfter(failure, tries)
      // oxlint-disable-next-line no-await-in-loop -- a person tries once more
      const passphrase = question === undefined ? undefined : await ask(question)
      if (passphrase === undefined) break
      try {
        // oxlint-disable-next-line no-await-in-loop -- as above
        return await start(passphrase)
      } catch (next) {
        failure = next
      }
    }
    throw failure
  }
}

/** A passphrase that is wrong in a file is not asked for: that file has to be put right. */
function questionAfter(error: unknown, tries: number): string | undefined {
  if (!(error instanceof LumosError)) return undefined
  if (error.code === 'KEY_LOCKED') return `${error.message}\npassphrase: `
  return error.code === 'KEY_PASSPHRASE' && tries > 0 ? 'that was not it; passphrase: ' : undefined
}

/** The passphrase of a key, from a file: never from the command line, where every user of the machine can read it. */
import { LumosError } from '../core/errors.ts'
import { Secret } from '../core/secret.ts'
import { readFileBounded } from '../storage/atomic-file.ts'
import { errnoText } from '../storage/private-directory.ts'

const MAX_BYTES = 4096

/** Without the line end that editors leave. @throws KEY_LOCKED that says why it cannot be had */
export async function readPassphrase(path: string): Promise<Secret<string>> {
  let file
  try {
    file = await readFileBounded(path, MAX_BYTES)
  } catch (cause) {
    throw locked(`${path}: ${errnoText(cause)}`, cause)
  }
  if (file === undefined) throw locked(`${path}: there is no such file`)
  const text = Buffer.from(file.content)
    .toString()
    .replace(/\r?\n$/, '')
  if (text === '') throw locked(`${path}: it is empty`)
  return new Secret(text)
}

function locked(reason: string, cause?: unknown): LumosError {
  return new LumosError('KEY_LOCKED', { cause, details: { reason } })
}

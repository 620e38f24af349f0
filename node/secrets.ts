/** Keys that people have given to this node: in one file, which this user alone can read. */
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { LumosError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { Secret } from '../core/secret.ts'
import { readFileBounded, writeJsonAtomic } from '../storage/atomic-file.ts'
import { errnoText } from '../storage/private-directory.ts'

export interface Secrets {
  get(name: string): Secret<string> | undefined
  /** Resolves when it is on disk. `undefined` forgets it. */
  set(name: string, value: Secret<string> | undefined): Promise<void>
}

const document = z.strictObject({ v: z.literal(1), secrets: z.record(z.string(), z.string()) })

const FILE_BYTES = 1024 * 1024

/**
 * Reads the file, if there is one.
 *
 * @throws HOME_UNUSABLE when it cannot be read: without it the node would do less than it was told to
 */
export async function openSecrets(
  { logger }: { readonly logger: Logger },
  { dataDirectory }: { readonly dataDirectory: string }
): Promise<Secrets> {
  const path = join(dataDirectory, 'secrets.json')
  const known = new Map<string, Secret<string>>()
  let written: Promise<void> = Promise.resolve()
  for (const [name, value] of Object.entries(await readSecrets(path, logger))) {
    known.set(name, new Secret(value))
  }

  function write(): Promise<void> {
    const secrets = Object.fromEntries(Array.from(known, ([name, value]) => [name, value.reveal()]))
    return writeJsonAtomic(path, { v: 1, secrets })
  }

  return {
    get: (name) => known.get(name),
    set(name, value) {
      if (value === undefined) known.delete(name)
      else known.set(name, value)
      // One after the other: the last one has to be what stays.
      const done = written.then(write)
      written = done.catch(() => undefined)
      return done
    }
  }
}

async function readSecrets(path: string, logger: Logger): Promise<Record<string, string>> {
  try {
    const file = await readFileBounded(path, FILE_BYTES)
    if (file === undefined) return {}
    if ((file.mode & 0o077) !== 0) {
      logger.warn('others could read the file of secrets; they cannot any more', { path })
      await chmod(path, 0o600)
    }
    return document.parse(JSON.parse(Buffer.from(file.content).toString())).secrets
  } catch (error) {
    // A parser's message quotes what it read.
    const reason =
      error instanceof Error && 'code' in error ? errnoText(error) : 'secrets.json is damaged'
    throw new LumosError('HOME_UNUSABLE', { details: { path, reason } })
  }
}

/** The swarm that this node made or joined last: what `swarm.name` is unless somebody says otherwise. */
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { isErrno, readFileBounded, writeJsonAtomic } from '../../storage/atomic-file.ts'
import { isLabel } from '../../trust/node-name.ts'

const FILE = 'swarm.json'
const FILE_BYTES = 1024

const document = z.object({ v: z.literal(1), name: z.string().refine(isLabel) })

/**
 * `undefined` when there is none, or nothing that makes sense: then the default counts. A home that
 * cannot be used is told by those who open it next.
 */
export async function chosenSwarm(dataDirectory: string): Promise<string | undefined> {
  try {
    const file = await readFileBounded(join(dataDirectory, FILE), FILE_BYTES)
    if (file === undefined) return undefined
    return document.parse(JSON.parse(Buffer.from(file.content).toString())).name
  } catch {
    return undefined
  }
}

/** `undefined` goes back to the default. */
export async function chooseSwarm(dataDirectory: string, name: string | undefined): Promise<void> {
  const path = join(dataDirectory, FILE)
  if (name !== undefined) return writeJsonAtomic(path, { v: 1, name })
  try {
    await unlink(path)
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
  }
}

/** Remembers beside the database that reading found damage: opening looks at little of what there is. */
import { rm } from 'node:fs/promises'
import { readFileBounded, writeJsonAtomic } from './atomic-file.ts'

const MARK_BYTES = 4096

/** Has the next opening of the database in `path` read all of it, and repair it if that fails. */
export async function markDamaged(path: string, reason: string): Promise<void> {
  await writeJsonAtomic(markOf(path), { reason: reason.slice(0, MARK_BYTES / 8) })
}

/** Whether the database in `path` is marked; a mark that cannot be read is one. */
export async function isMarkedDamaged(path: string): Promise<boolean> {
  return readFileBounded(markOf(path), MARK_BYTES).then(
    (file) => file !== undefined,
    () => true
  )
}

export async function clearDamageMark(path: string): Promise<void> {
  await rm(markOf(path), { force: true })
}

function markOf(path: string): string {
  return `${path}.damage.json`
}

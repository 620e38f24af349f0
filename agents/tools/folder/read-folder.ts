/** Reads a folder of tools: which files hold tools, which only help them, and in which version. */
import { createHash } from 'node:crypto'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LIMITS } from '../../../core/limits.ts'

export interface ToolFile {
  /** Absolute. */
  readonly path: string
  /** Another one whenever the file or one that helps it is another: modules are loaded once a URL. */
  readonly version: string
}

export interface FolderContent {
  readonly files: readonly ToolFile[]
  /** Version of all that helps: files whose names begin with `_`, and those that are no modules. */
  readonly helpers: string
}

const MODULE = /\.(ts|mts|js|mjs)$/
const NO_TOOLS = /(\.d\.m?ts|\.(test|spec)\.\w+)$/

/**
 * `undefined` when there is no such folder.
 *
 * @throws Error, for people: too many files, or others may write here
 */
export async function readFolder(folder: string): Promise<FolderContent | undefined> {
  const names = await namesIn(folder)
  if (names === undefined) return undefined
  const limit = LIMITS.toolFiles.value
  if (names.length > limit) throw new Error(`it holds ${names.length} files, more than ${limit}`)
  await refuseOthersWriting(folder)
  const contents = await Promise.all(
    names.map(async (name) => ({ name, hash: await hashFile(folder, name) }))
  )
  const helpers = digest(
    contents.filter((file) => !isTool(file)).map(({ name, hash }) => name + hash)
  )
  const files = contents
    .filter(isTool)
    .map(({ name, hash }) => ({ path: join(folder, name), version: digest([hash, helpers]) }))
  return { files, helpers }
}

function isTool({ name }: { readonly name: string }): boolean {
  return MODULE.test(name) && !name.startsWith('_')
}

async function namesIn(folder: string): Promise<string[] | undefined> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries
      .filter(
        (entry) => entry.isFile() && !entry.name.startsWith('.') && !NO_TOOLS.test(entry.name)
      )
      .map(({ name }) => name)
      .toSorted()
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** What is here is run with all rights of the node: nobody else may put something here. */
async function refuseOthersWriting(folder: string): Promise<void> {
  const { mode } = await lstat(folder)
  if ((mode & 0o002) !== 0) throw new Error('every user of this machine may write here: chmod o-w')
}

/** A file that has just gone is as good as empty: the next look sees it so. */
async function hashFile(folder: string, name: string): Promise<string> {
  try {
    return digest([await readFile(join(folder, name))])
  } catch (error) {
    if (isMissing(error)) return ''
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function digest(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex').slice(0, 16)
}

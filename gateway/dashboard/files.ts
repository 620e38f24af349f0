/** The built dashboard, read once when somebody first wants it: a few files, and nothing outside of their folder. */
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

export interface DashboardFile {
  readonly type: string
  readonly body: Buffer
  /** Absent for what is too small to gain. */
  readonly gzipped?: Buffer
  readonly etag: string
  /** Whether its name changes with its content. */
  readonly isImmutable: boolean
}

export interface DashboardFiles {
  /** By its path below the folder, `index.html` for the page; `undefined` for what is not there. */
  find(path: string): Promise<DashboardFile | undefined>
}

export interface DashboardFilesInit {
  readonly folder: string
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml'
}
/** As bundlers put the hash of a file into its name. */
const HASHED = /^assets\/[\w.]+-[\w-]{8,}\.\w+$/
const WORTH_BYTES = 1024
const zipped = promisify(gzip)

export function createDashboardFiles({ folder }: DashboardFilesInit): DashboardFiles {
  let loading: Promise<ReadonlyMap<string, DashboardFile>> | undefined
  let builtAt = 0

  /** A checkout is built anew under a running node. */
  async function current(): Promise<ReadonlyMap<string, DashboardFile>> {
    const { mtimeMs } = await stat(join(folder, 'index.html'))
    if (mtimeMs !== builtAt) loading = undefined
    builtAt = mtimeMs
    loading ??= load(folder)
    return loading
  }

  return {
    async find(path) {
      try {
        return (await current()).get(path)
      } catch {
        loading = undefined
        return undefined
      }
    }
  }
}

async function load(folder: string): Promise<ReadonlyMap<string, DashboardFile>> {
  const names = await readdir(folder, { recursive: true })
  const files = names.flatMap((name) => {
    const type = TYPES[extname(name)]
    return type === undefined ? [] : [{ path: name.replaceAll('\\', '/'), type }]
  })
  return new Map(
    await Promise.all(
      files.map(async ({ path, type }) => [path, await fileOf(folder, path, type)] as const)
    )
  )
}

async function fileOf(folder: string, path: string, type: string): Promise<DashboardFile> {
  const body = await readFile(join(folder, path))
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`
  const isImmutable = HASHED.test(path)
  const file = { type, body, etag, isImmutable }
  return body.length < WORTH_BYTES ? file : { ...file, gzipped: await zipped(body) }
}

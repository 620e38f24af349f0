/** The file that a bug report is: for its owner alone, until that person sends it. */
import { open, rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { packTar } from 'modern-tar'
import { LumosError } from '../../core/errors.ts'
import { usage } from '../arguments.ts'

export interface ReportFile {
  readonly name: string
  readonly text: string
}

/**
 * Writes a `.tar.gz` of these files in one folder; resolves with its size in bytes.
 *
 * @throws USAGE for a path that exists, HOME_UNUSABLE
 */
export async function writeArchive(
  path: string,
  files: readonly ReportFile[],
  { folder, at }: { readonly folder: string; readonly at: Date }
): Promise<number> {
  const entries = files.map(({ name, text }) => {
    const body = Buffer.from(text)
    const header = { name: `${folder}/${name}`, size: body.length, mode: 0o600, mtime: at }
    return { header, body }
  })
  const archive = await promisify(gzip)(await packTar(entries))
  try {
    // Never over another file, nor through a link that somebody planted.
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(archive)
    } catch (error) {
      await rm(path, { force: true })
      throw error
    } finally {
      await file.close()
    }
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    if (reason === 'EEXIST') throw usage(`${path} is there already`)
    throw new LumosError('HOME_UNUSABLE', { cause, details: { path, reason } })
  }
  return archive.length
}

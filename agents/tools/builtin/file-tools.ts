/** Tools for the files below the folders that the operator gives for it: to read, and apart from that to write. */
import { z } from 'zod'
import { LumosError } from '../../../core/errors.ts'
import type { Json } from '../../../core/json.ts'
import { LIMITS } from '../../../core/limits.ts'
import { toPart } from '../../files/content.ts'
import { createSharedFolders } from '../../files/shared-folders.ts'
import type { SharedFolders } from '../../files/shared-folders.ts'
import { createWritableFolders } from '../../files/writable-folders.ts'
import type { WritableFolders } from '../../files/writable-folders.ts'
import { inputFlaw, tool } from '../define-tool.ts'
import type { Tool } from '../tool.ts'

const DEFAULT_LINES = 2000

const path = z.string().max(4096)

const readInput = z.strictObject({
  path: path.min(1).describe('As files_list shows it, with / between folders.'),
  from: z.int().min(1).default(1).describe('First line, from 1; of text only.'),
  lines: z.int().min(1).default(DEFAULT_LINES)
})

const listInput = z.strictObject({ path: path.default('').describe('A folder; default: all.') })

const writeInput = z.strictObject({
  path: path.min(1).describe('With / between folders, which are made where they are missing.'),
  text: z.string().optional().describe('The whole content; or else base64.'),
  base64: z.base64().optional(),
  replace: z.boolean().default(true).describe('Whether a file that is there may be replaced.')
})

export interface FileToolsInit {
  /** Folders to read below; none: no tool that reads. */
  readonly roots: readonly string[]
  /** Folders to write below; none: no tool that writes. */
  readonly writeRoots: readonly string[]
}

export function createFileTools({ roots, writeRoots }: FileToolsInit): Tool[] {
  // What tools may write, strangers may have dictated; what is there to be read may be that.
  const untrusted = writeRoots.length > 0
  const shared = createSharedFolders(roots)
  return [
    ...(roots.length === 0 ? [] : [createRead(shared, untrusted), createList(shared, untrusted)]),
    ...(writeRoots.length === 0 ? [] : [createWrite(createWritableFolders(writeRoots))])
  ]
}

function createRead(folders: SharedFolders, untrusted: boolean): Tool {
  return tool({
    id: 'files_read',
    description: 'Reads a file of this machine: text by lines, anything else as base64.',
    effects: ['read-private'],
    untrusted,
    inputSchema: readInput,
    async execute({ path: wanted, from, lines }, { signal }) {
      const bytes = await folders.read(wanted, signal)
      if (bytes === undefined) throw inputFlaw(`no file is called "${wanted}"`)
      const { text, raw, mediaType = '' } = toPart(wanted, bytes)
      if (text === undefined) {
        return { path: wanted, mediaType, bytes: bytes.length, base64: raw ?? '' }
      }
      return { path: wanted, mediaType, ...linesOf(text, from, lines) }
    }
  })
}

function linesOf(text: string, from: number, count: number): { [name: string]: Json } {
  const all = text.split('\n')
  // A line feed ends the last line, and does not begin another one.
  if (all.at(-1) === '') all.pop()
  const shown = all.slice(from - 1, from - 1 + count)
  return {
    text: shown.length === all.length ? text : shown.join('\n'),
    lines: all.length,
    ...(from - 1 + count < all.length && { next: from + count })
  }
}

function createList(folders: SharedFolders, untrusted: boolean): Tool {
  return tool({
    id: 'files_list',
    description: 'Lists a folder of this machine: names, kinds and sizes.',
    effects: ['read-private'],
    untrusted,
    inputSchema: listInput,
    async execute({ path: wanted }, { signal }) {
      const listing = await folders.list(wanted, signal)
      if (listing === undefined) throw inputFlaw(`no folder is called "${wanted}"`)
      const { entries, truncated } = listing
      return { path: wanted, entries: entries.map((entry) => ({ ...entry })), truncated }
    }
  })
}

function createWrite(folders: WritableFolders): Tool {
  return tool({
    id: 'files_write',
    description: 'Writes a whole file of this machine, and makes the folders that it needs.',
    effects: ['write'],
    // It stays on this machine, below folders that were given for that.
    egress: false,
    inputSchema: writeInput,
    async execute({ path: wanted, text, base64, replace }) {
      if ((text === undefined) === (base64 === undefined)) {
        throw inputFlaw('one of text or base64 is needed, and only one')
      }
      const content = Buffer.from(text ?? base64 ?? '', text === undefined ? 'base64' : 'utf8')
      const limit = LIMITS.fileWriteBytes.value
      if (content.length > limit) {
        throw inputFlaw(`the file has ${content.length} bytes, at most ${limit}`)
      }
      const created = await writing(() => folders.write(wanted, content, { createOnly: !replace }))
      if (created === undefined) {
        throw inputFlaw('the path must begin with the name of one of the folders: see files_list')
      }
      return { path: wanted, bytes: content.length, created }
    }
  })
}

/** What the disk says names paths of this machine; its code is enough. */
async function writing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof LumosError) throw cause
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new LumosError('TOOL_FAILED', {
      cause,
      details: { tool: 'files_write', reason: `the disk says ${code}` }
    })
  }
}

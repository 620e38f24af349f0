/** Says in which file and line of a folder something went wrong: whoever edits it wants to go there. */
import { execFile } from 'node:child_process'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LIMITS } from '../../../core/limits.ts'

export interface ErrorPlace {
  /** Relative to the folder. */
  readonly file: string
  readonly line?: number
  /** One line. */
  readonly reason: string
}

export interface FailedFile {
  readonly folder: string
  /** Absolute. */
  readonly file: string
  readonly error: unknown
}

/** The first place in the folder that the error's stack names, else the file alone. */
export async function placeOf({ folder, file, error }: FailedFile): Promise<ErrorPlace> {
  const reason = oneLine(error instanceof Error ? error.message : String(error))
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const found = placeIn(stack, folder) ?? (await syntaxPlace(error, { folder, file }))
  return { reason, file: relative(folder, file), ...found }
}

type Place = Pick<ErrorPlace, 'file' | 'line'>

/** As V8 writes places (`file:///a/b.ts?v=1:2:7`), and Node above a line of source (`/a/b.ts:2`). */
function placeIn(text: string, folder: string): Place | undefined {
  for (const [, place = '', line = ''] of text.matchAll(
    /((?:file:\/\/)?\/[^\s():?]+)(?:\?[^\s():]*)?:(\d+)/g
  )) {
    const path = place.startsWith('file:') ? fileURLToPath(place) : place
    const inside = relative(folder, path)
    if (!inside.startsWith('..')) return { file: inside, line: Number(line) }
  }
  return undefined
}

/** Of a syntax error in JavaScript V8 tells the place only to the one who prints it: Node itself. */
async function syntaxPlace(
  error: unknown,
  { folder, file }: Pick<FailedFile, 'folder' | 'file'>
): Promise<Place | undefined> {
  if (!(error instanceof SyntaxError)) return undefined
  const told = await new Promise<string>((resolve) => {
    const options = { timeout: LIMITS.toolLoad.value, env: {} }
    execFile(process.execPath, ['--check', file], options, (_, __, stderr) => resolve(stderr))
  })
  return placeIn(told, folder)
}

function oneLine(text: string): string {
  return (text.split('\n')[0] ?? '').slice(0, 500)
}

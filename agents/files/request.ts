/** What the caller of the `files` agent wants, from a data part or from plain words. */
import type { Message, Part } from '../../core/a2a.ts'

export interface FileRequest {
  /** `open` reads a file and lists a folder, whichever is there. */
  readonly op: 'list' | 'read' | 'open'
  readonly path: string
}

const LIST =
  /^(?:list|ls|dir|what(?:'s| is) in)\b(?:\s+(?:all\s+)?(?:the\s+)?(?:files|contents|folder|directory))?(?:\s+(?:in|of|below|under)\b)?(?:\s+the\s+(?:folder|directory))?\s*(.*)$/is
const READ = /^(?:read|cat|print|get)\b(?:\s+the)?(?:\s+file\b)?\s*(.*)$/is
const OPEN = /^(?:show|open)\b(?:\s+me)?(?:\s+the)?(?:\s+(?:file|folder|directory)\b)?\s*(.*)$/is
const QUOTED = /^(["'`])(.*)\1$/s

/** `undefined` when a data part says something else than `{op, path}`. */
export function parseFileRequest(message: Message, text: string): FileRequest | undefined {
  const data = message.parts.find((part) => part.data !== undefined)
  return data === undefined ? parseWords(text) : parseData(data)
}

function parseData({ data }: Part): FileRequest | undefined {
  if (typeof data !== 'object' || data === null || !('path' in data)) return undefined
  const { op = 'open', path } = data
  if (typeof path !== 'string') return undefined
  return op === 'list' || op === 'read' || op === 'open' ? { op, path } : undefined
}

function parseWords(text: string): FileRequest {
  const words = text.trim().replace(/^please\s+/i, '')
  const list = LIST.exec(words)
  if (list !== null) return { op: 'list', path: unquote(list[1]) }
  const read = READ.exec(words)
  if (read !== null) return { op: 'read', path: unquote(read[1]) }
  return { op: 'open', path: unquote(OPEN.exec(words)?.[1] ?? words) }
}

function unquote(path = ''): string {
  const trimmed = path.trim()
  return QUOTED.exec(trimmed)?.[2] ?? trimmed
}

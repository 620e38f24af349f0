/** A long word that a command is about (a token, an invite): as typed, from a file, or piped in. */
import { readFile } from 'node:fs/promises'
import { usage } from './arguments.ts'
import type { Cli } from './cli.ts'

/** `-` reads it from stdin and `file:PATH` from a file; blanks around it do not count. */
export async function readWord(text: string, cli: Cli): Promise<string> {
  const word = (await source(text, cli)).trim()
  if (word === '') throw usage('there is nothing to read')
  return word
}

async function source(text: string, cli: Cli): Promise<string> {
  if (text === '-') return cli.terminal.input.readAll()
  const path = /^file:(.+)$/s.exec(text)?.[1]
  if (path === undefined) return text
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable'
    throw usage(`${path} cannot be read: ${code}`)
  }
}

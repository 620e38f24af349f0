/** What a program that serves MCP knows of this node: as little as it can live with, and what the user names. */
import { readFile } from 'node:fs/promises'
import { LumosError } from '../../core/errors.ts'
import type { Environment } from '../../core/paths.ts'
import type { McpStdioServer } from '../../core/mcp-server.ts'

/** Keys of models, tokens and sockets of the daemon are no business of a server. */
const INHERITED = ['PATH', 'HOME', 'LANG'] as const

/**
 * @param environment the daemon's own
 * @throws CONFIG_INVALID when a variable or a file that is named is not there
 */
export async function childEnvironment(
  { env = {} }: Pick<McpStdioServer, 'env'>,
  environment: Environment
): Promise<Record<string, string>> {
  const inherited = INHERITED.flatMap((name): [string, string][] => {
    const value = environment[name]
    return value === undefined ? [] : [[name, value]]
  })
  const named = await Promise.all(
    Object.entries(env).map(async ([name, value]): Promise<[string, string]> => [
      name,
      await valueOf(value, environment)
    ])
  )
  return Object.fromEntries([...inherited, ...named])
}

async function valueOf(text: string, environment: Environment): Promise<string> {
  if (text.startsWith('env:')) {
    const name = text.slice('env:'.length)
    const value = environment[name]
    if (value !== undefined) return value
    throw new LumosError('CONFIG_INVALID', {
      details: { reason: `the node has no variable ${name}` }
    })
  }
  return text.startsWith('file:') ? readSecret(text.slice('file:'.length)) : text
}

async function readSecret(path: string): Promise<string> {
  return (await readNamedFile(path)).trim()
}

/** @throws CONFIG_INVALID */
export async function readNamedFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const reason = `${path} cannot be read`
    throw new LumosError('CONFIG_INVALID', { cause, details: { reason } })
  }
}

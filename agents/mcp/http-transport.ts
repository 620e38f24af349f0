/** How this node speaks to MCP servers over HTTP: with the user's headers, and with bounds on what comes back. */
import type { FetchLike } from '@modelcontextprotocol/client'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { McpHttpServer } from '../../core/mcp-server.ts'
import { readNamedFile } from './child-environment.ts'

/**
 * The headers of the file, one `Name: value` a line; `#` begins a comment.
 *
 * @throws CONFIG_INVALID for a file that cannot be read or holds something else, and for headers
 * that would travel in the clear
 */
export async function readHeaders({
  url,
  headerFile
}: McpHttpServer): Promise<Record<string, string>> {
  if (headerFile === undefined) return {}
  if (!isConfidential(new URL(url))) throw invalid('headers go only to https, or to this machine')
  const lines = (await readNamedFile(headerFile))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  const headers = new Headers()
  for (const line of lines) {
    const colon = line.indexOf(':')
    try {
      headers.append(line.slice(0, Math.max(0, colon)).trim(), line.slice(colon + 1).trim())
    } catch {
      // The line itself may be a secret.
      throw invalid(`a line of ${headerFile} is no "Name: value"`)
    }
  }
  return Object.fromEntries(headers)
}

function isConfidential({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}

function invalid(reason: string): LumosError {
  return new LumosError('CONFIG_INVALID', { details: { reason } })
}

/** `fetch`, whose answers fail when one message in them exceeds the limit. */
export function boundedFetch(fetch: FetchLike): FetchLike {
  return async (url, init) => {
    const response = await fetch(url, init)
    if (response.body === null) return response
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
    const body = response.body.pipeThrough(isStream ? boundEvents() : boundWhole())
    const { status, statusText, headers } = response
    return new Response(body, { status, statusText, headers })
  }
}

function boundWhole(): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0
  return counting((chunk) => (bytes += chunk.length))
}

/** A stream of events may go on for ever; each of its lines may not. */
function boundEvents(): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0
  return counting((chunk) => {
    const end = chunk.lastIndexOf(0x0a)
    bytes = end < 0 ? bytes + chunk.length : chunk.length - end - 1
    return Math.max(bytes, end)
  })
}

function counting(count: (chunk: Uint8Array) => number): TransformStream<Uint8Array, Uint8Array> {
  const limit = LIMITS.mcpMessageBytes.value
  return new TransformStream({
    transform(chunk, controller) {
      const bytes = count(chunk)
      if (bytes <= limit) controller.enqueue(chunk)
      else controller.error(new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes, limit } }))
    }
  })
}

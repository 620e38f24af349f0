/** Reaches a control API that listens on a URL, from browsers and from Node alike. */
import { LumosError } from '../core/errors.ts'
import type { Transport } from './transport.ts'

export interface UrlTarget {
  /** Base of the API, for example `http://127.0.0.1:5867`. */
  readonly url: string
  /** Sent as bearer token. */
  readonly token?: string
}

export function createFetchTransport({ url, token }: UrlTarget): Transport {
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`
  return async ({ method, path, body, signal }) => {
    let response: Response
    try {
      const init = { method, headers, signal: signal ?? null }
      response = await fetch(new URL(path, url), body === undefined ? init : { ...init, body })
    } catch (cause) {
      signal?.throwIfAborted()
      throw new LumosError('DAEMON_DOWN', { cause, details: { profile: url } })
    }
    return { status: response.status, body: chunks(response, signal) }
  }
}

async function* chunks(response: Response, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  if (response.body === null) return
  const reader = response.body.getReader()
  try {
    for (;;) {
      const { done, value } = await read(reader, signal)
      if (done || value === undefined) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

async function read(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  signal?: AbortSignal
): Promise<{ done: boolean; value?: Uint8Array | undefined }> {
  try {
    return await reader.read()
  } catch (cause) {
    signal?.throwIfAborted()
    throw new LumosError('DAEMON_STOPPED', { cause })
  }
}

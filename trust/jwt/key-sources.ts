/** Where the keys of an issuer come from: its discovery document (OpenID Connect), a URL, or a file. */
import { readFile, stat } from 'node:fs/promises'
import type { JSONWebKeySet } from 'jose'
import { parseBoundedJson } from '../../core/bounded-json.ts'
import { isJsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import type { SendWebRequest } from '../../core/web-request.ts'
import type { LoadKeys } from './key-set.ts'

export interface KeySource {
  readonly issuer: string
  readonly jwksUri?: string
  readonly jwksFile?: string
}

/** `send` decides where may be asked; it follows no redirects. */
export function createKeySource(
  { send }: { readonly send: SendWebRequest },
  { issuer, jwksUri, jwksFile }: KeySource
): LoadKeys {
  if (jwksFile !== undefined) return () => keysFrom(jwksFile)
  return async (signal) => {
    const url = jwksUri ?? (await discover(send, issuer, signal))
    return asKeys(await fetchJson(send, new URL(url), signal))
  }
}

/** OpenID Connect Discovery 1.0, sections 4.1 to 4.3. */
async function discover(
  send: SendWebRequest,
  issuer: string,
  signal: AbortSignal
): Promise<string> {
  const url = new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const document = await fetchJson(send, url, signal)
  if (!isJsonObject(document) || document['issuer'] !== issuer) {
    throw new Error('the discovery document is of another issuer')
  }
  const found = document['jwks_uri']
  const keys = typeof found === 'string' ? URL.parse(found) : null
  const isSafe = keys?.protocol === 'https:' || keys?.protocol === url.protocol
  if (keys === null || !isSafe) throw new Error('the discovery document names no safe jwks_uri')
  return keys.href
}

async function fetchJson(send: SendWebRequest, url: URL, signal: AbortSignal): Promise<unknown> {
  const headers = { accept: 'application/json, application/jwk-set+json' }
  const { status, body } = await send({ url, method: 'GET', headers }, signal)
  const limit = LIMITS.jwksBytes.value
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    if (status !== 200) throw new Error(`the issuer answered ${status}`)
    for await (const chunk of body) {
      bytes += chunk.length
      if (bytes > limit) throw new Error(`the issuer sends more than ${limit} bytes`)
      chunks.push(chunk)
    }
  } finally {
    body.destroy()
  }
  return parseBoundedJson(Buffer.concat(chunks))
}

async function keysFrom(path: string): Promise<JSONWebKeySet> {
  const { size } = await stat(path)
  const limit = LIMITS.jwksBytes.value
  if (size > limit) throw new Error(`${path} has more than ${limit} bytes`)
  return asKeys(parseBoundedJson(await readFile(path)))
}

/** Each key is judged by jose when a token names it. */
function asKeys(document: unknown): JSONWebKeySet {
  if (!isJsonObject(document) || !Array.isArray(document['keys'])) {
    throw new Error('that is no set of keys')
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- jose checks it again
  return document as unknown as JSONWebKeySet
}

/** Sends HTTP requests whose URL a stranger chose, and connects to nothing that `WebTargets` does not allow. */
import { lookup } from 'node:dns/promises'
import { request as requestHttp } from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { RequestOptions } from 'node:https'
import { isIP } from 'node:net'
import { unlessAborted } from '../core/unless-aborted.ts'
import type { SendWebRequest } from '../core/web-request.ts'
import { WebRefusal } from '../core/web-request.ts'
import type { WebTargets } from '../core/web-targets.ts'

export interface ResolvedAddress {
  readonly address: string
  readonly family: number
}

/** All addresses of a host. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>

export interface WebSenderComponents {
  readonly targets: WebTargets
  readonly resolve?: Resolve
}

const resolveBySystem: Resolve = (hostname) => lookup(hostname, { all: true })

export function createWebSender({
  targets,
  resolve = resolveBySystem
}: WebSenderComponents): SendWebRequest {
  return async ({ url, method, headers, body }, signal) => {
    const addresses = await resolveChecked({ targets, resolve }, url, signal)
    const options: RequestOptions = {
      method,
      headers: {
        'User-Agent': 'lumos',
        ...headers,
        ...(body !== undefined && { 'Content-Length': body.length })
      },
      // A connection of its own, without the proxies that a shared agent may be told of.
      agent: false,
      lookup: (_, { all }, callback) => {
        const [first] = addresses
        if (all === true) callback(null, [...addresses])
        else callback(null, first.address, first.family)
      },
      signal
    }
    const request =
      url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options)
    const answer = await answered(request, body)
    return { status: answer.statusCode ?? 0, headers: flatten(answer.headers), body: answer }
  }
}

/**
 * The socket gets these very addresses and asks nobody again: a name that means another address a
 * moment later changes nothing.
 */
async function resolveChecked(
  { targets, resolve }: Required<WebSenderComponents>,
  url: URL,
  signal: AbortSignal
): Promise<readonly [ResolvedAddress, ...ResolvedAddress[]]> {
  const refusal = targets.refusal(url)
  if (refusal !== undefined) throw new WebRefusal(refusal)
  const literal = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const family = isIP(literal)
  const found =
    family === 0
      ? // A name server that says nothing cannot be told to stop.
        await unlessAborted(resolve(url.hostname), signal)
      : [{ address: literal, family }]
  for (const { address } of found) {
    const reason = targets.addressRefusal(url, address)
    // One forbidden address among public ones is an attack, or a mistake of the same effect.
    if (reason !== undefined) throw new WebRefusal(reason)
  }
  const [first, ...rest] = found
  if (first === undefined) throw new WebRefusal('its host has no address')
  return [first, ...rest]
}

function answered(request: ClientRequest, body?: Uint8Array): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve)
    // Stays, as a request may fail a second time: an error that nobody hears ends the process.
    request.on('error', reject)
    // Without a word: a change of protocols that nobody asked for, say.
    request.once('close', () => reject(new WebRefusal('the connection was closed')))
    request.end(body)
  })
}

function flatten(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value = '']) => [
      name,
      typeof value === 'string' ? value : value.join(', ')
    ])
  )
}

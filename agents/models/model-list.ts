/** Asks a provider which models it has: with `node:http`, as the openai package and undici would cost an idle node 40 MB. */
import { request as requestHttp } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isJsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Secret } from '../../core/secret.ts'
import type { Preset } from './presets.ts'

export interface ListTarget {
  readonly baseUrl: string
  readonly key?: Secret<string>
  readonly listing?: Preset['listing']
}

/** The server answered, but with no list. Fits `modelFailure`, as the errors of the openai package do. */
class ListRefused extends Error {
  readonly status: number

  constructor(status: number) {
    super(`HTTP ${status}`)
    this.status = status
  }
}

/**
 * Ids, first those that suit a conversation, the newest of them first where the server tells ages.
 *
 * @throws what `modelFailure` understands; the reason of the signal
 */
export async function listModels(target: ListTarget, signal: AbortSignal): Promise<string[]> {
  const answer = await get(target, signal)
  const text = await textOf(answer)
  const status = answer.statusCode ?? 0
  if (status !== 200) throw new ListRefused(status)
  const models = modelsIn(JSON.parse(text)).slice(0, LIMITS.modelsListed.value)
  return models
    .toSorted((a, b) => rank(a.id) - rank(b.id) || b.created - a.created)
    .map(({ id }) => id)
}

/** Whether a model of that name can be talked with: lists hold others, and tell of none what it is for. */
export function isConversational(id: string): boolean {
  return !/embed|whisper|tts|dall-e|moderation|image|audio|realtime|transcri|rerank|sora|ocr\b|davinci|babbage|bge-|minilm|gpt-3\.5-turbo-instruct/i.test(
    id
  )
}

function rank(id: string): number {
  return isConversational(id) ? 0 : 1
}

interface Listed {
  readonly id: string
  /** 0 where the server does not tell. */
  readonly created: number
}

/** `{ data: [{ id, created? }] }`; servers differ in all else. */
function modelsIn(answer: unknown): Listed[] {
  if (!isJsonObject(answer) || !Array.isArray(answer['data'])) {
    throw new SyntaxError('no list of models')
  }
  return answer['data'].flatMap((each: unknown) => {
    if (!isJsonObject(each) || typeof each['id'] !== 'string' || !isName(each['id'])) return []
    const { created } = each
    return [{ id: each['id'], created: typeof created === 'number' ? created : 0 }]
  })
}

/** Names go to terminals and into errors. */
function isName(id: string): boolean {
  return /^[\w.:/@+~ -]{1,200}$/.test(id)
}

function get(target: ListTarget, signal: AbortSignal): Promise<IncomingMessage> {
  const url = new URL(`${target.baseUrl.replace(/\/+$/, '')}/models`)
  const key = target.key?.reveal()
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  const headers = {
    accept: 'application/json',
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
    ...(key !== undefined && target.listing && { [target.listing.keyHeader]: key }),
    ...target.listing?.headers
  }
  send(url, { headers, signal, agent: false }, resolve).on('error', reject).end()
  return promise
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of answer as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > LIMITS.modelListBytes.value) throw new SyntaxError('too long a list of models')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

/** Tools that read the web: a request as it is, and a page as a person would read it. */
import { z } from 'zod'
import type { Json } from '../../../../core/json.ts'
import { LumosError } from '../../../../core/errors.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { asText } from '../../../files/content.ts'
import type { Transformer } from '../data/transformer.ts'
import { inputFlaw, tool } from '../../define-tool.ts'
import type { Tool } from '../../tool.ts'
import { decodeText } from './charset.ts'
import { WebError } from './web-client.ts'
import type { Fetched, WebClient, WebFetch } from './web-client.ts'
import type { WebMethod } from './web-methods.ts'

/** Those that ask for something; all others change something at the other end. */
const READING: readonly string[] = ['GET', 'HEAD']

/** What a model may say to a server. Who this node is, and what it may, is not a model's to tell. */
const SENT_HEADERS = [
  'accept',
  'accept-language',
  'content-type',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'range'
] as const

/** What a model can use of an answer; above all no cookies. */
const SHOWN_HEADERS = [
  'content-type',
  'content-length',
  'content-range',
  'content-language',
  'content-disposition',
  'etag',
  'last-modified',
  'link',
  'location',
  'retry-after'
] as const

const DEFAULT_BYTES = 256 * 1024
const DEFAULT_CHARACTERS = 20_000

const MAX_URL = 8192

const url = z.string().max(MAX_URL).describe('http or https, without credentials.')

const pageInput = z.strictObject({
  url,
  offset: z.int().min(0).default(0).describe('Characters of the text to leave out at its start.'),
  length: z.int().min(1).max(LIMITS.transformResult.value).default(DEFAULT_CHARACTERS),
  links: z.boolean().default(true).describe('Whether to list where the links of the page lead.')
})

export interface WebToolsComponents {
  readonly fetch: WebClient
  readonly transform: Transformer['transform']
}

export interface WebToolsInit {
  /** At least one. */
  readonly methods: readonly WebMethod[]
}

export function createWebTools(components: WebToolsComponents, init: WebToolsInit): Tool[] {
  return [createHttpFetch(components, init), createWebPage(components)]
}

function createHttpFetch({ fetch }: WebToolsComponents, { methods }: WebToolsInit): Tool {
  const writes = methods.some((method) => !READING.includes(method))
  return tool({
    id: 'http_fetch',
    description:
      'Sends an HTTP request to a public address and returns status, headers and body. ' +
      'For pages to be read, web_page is better.',
    effects: writes ? ['network', 'write'] : ['network'],
    untrusted: true,
    inputSchema: z.strictObject({
      url,
      method: z.enum(methods).default(methods.includes('GET') ? 'GET' : (methods[0] ?? 'GET')),
      headers: z.partialRecord(z.enum(SENT_HEADERS), z.string().max(MAX_URL)).optional(),
      ...(writes && { body: z.string().optional().describe('Text; its type is in content-type.') }),
      maxBytes: z.int().min(1).max(LIMITS.webBytes.value).default(DEFAULT_BYTES)
    }),
    async execute({ url: target, method, headers = {}, maxBytes, ...rest }, { signal }) {
      const text = 'body' in rest ? rest.body : undefined
      const body = typeof text === 'string' ? bodyOf(text, method) : {}
      const request = { url: target, method, headers: cleaned(headers), most: maxBytes, ...body }
      return show(await fetched(fetch, { tool: 'http_fetch', request }, signal))
    }
  })
}

function createWebPage({ fetch, transform }: WebToolsComponents): Tool {
  return tool({
    id: 'web_page',
    description: 'Reads a web page: its title, its text without menus and scripts, and its links.',
    effects: ['network'],
    untrusted: true,
    inputSchema: pageInput,
    async execute({ url: target, offset, length, links }, { signal }) {
      const headers = { accept: 'text/html,application/xhtml+xml,text/*;q=0.9,*/*;q=0.1' }
      const request = { url: target, method: 'GET', headers }
      const answer = await fetched(fetch, { tool: 'web_page', request }, signal)
      if (answer.status >= 400) throw failed('web_page', `the server answers ${answer.status}`)
      const page = await readPage(answer, { transform, signal })
      return {
        url: answer.url,
        ...page,
        text: page.text.slice(offset, offset + length),
        characters: page.text.length,
        ...(answer.truncated && { truncated: true }),
        ...(!links && { links: [] })
      }
    }
  })
}

interface Page {
  readonly title: string
  readonly text: string
  readonly links: readonly Json[]
}

const pageSchema = z.object({
  title: z.string(),
  text: z.string(),
  links: z.array(z.object({ text: z.string(), url: z.string() }))
})

async function readPage(
  answer: Fetched,
  { transform, signal }: Pick<WebToolsComponents, 'transform'> & { readonly signal: AbortSignal }
): Promise<Page> {
  const type = answer.headers['content-type'] ?? 'text/html'
  const text = decodeText(answer.bytes, type)
  if (/^\s*(?:text\/html|application\/xhtml\+xml)/i.test(type)) {
    const work = { type: 'page', html: text, url: answer.url } as const
    return pageSchema.parse(await transform(work, signal))
  }
  if (asText(answer.bytes) === undefined && !/^\s*text\//i.test(type)) {
    throw failed('web_page', 'there is no text, but something of the type ' + type.slice(0, 100))
  }
  return { title: '', text: text.slice(0, LIMITS.transformResult.value), links: [] }
}

interface Errand {
  readonly tool: string
  readonly request: WebFetch
}

async function fetched(
  fetch: WebClient,
  { tool: id, request }: Errand,
  signal: AbortSignal
): Promise<Fetched> {
  try {
    return await fetch(request, signal)
  } catch (error) {
    throw error instanceof WebError ? failed(id, error.message, error) : error
  }
}

function failed(id: string, reason: string, cause?: Error): LumosError {
  return new LumosError('TOOL_FAILED', { cause, details: { tool: id, reason } })
}

function bodyOf(text: string, method: string): { readonly body: Uint8Array } {
  if (READING.includes(method)) throw inputFlaw(`a ${method} request has no body`)
  const body = Buffer.from(text)
  const limit = LIMITS.webRequest.value
  if (body.length > limit) throw inputFlaw(`the body has ${body.length} bytes, at most ${limit}`)
  return { body }
}

/** A line feed in a header would begin another one. */
function cleaned(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      if (value === undefined) return []
      if (!/^[\t\x20-\x7e]*$/.test(value)) throw inputFlaw(`the header ${name} is no plain text`)
      return [[name, value]]
    })
  )
}

function show({ url: at, status, headers, bytes, truncated }: Fetched): Json {
  const text = asText(bytes) ?? textByName(bytes, headers['content-type'] ?? '')
  return {
    url: at,
    status,
    headers: Object.fromEntries(
      SHOWN_HEADERS.flatMap((name) => {
        const value = headers[name]
        return value === undefined ? [] : [[name, value]]
      })
    ),
    ...(text === undefined ? { base64: Buffer.from(bytes).toString('base64') } : { text }),
    ...(truncated && { truncated })
  }
}

/** Text in another encoding than UTF-8, or cut within a character. */
function textByName(bytes: Uint8Array, type: string): string | undefined {
  return /^\s*text\/|charset=|[/+](?:json|xml)\b/i.test(type) ? decodeText(bytes, type) : undefined
}

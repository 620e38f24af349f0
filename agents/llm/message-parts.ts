/** Turns A2A parts into what chat models take, and what models made into A2A parts. */
import type { ChatCompletionContentPart } from 'openai/resources/chat/completions'
import type { Part } from '../../core/a2a.ts'
import { LIMITS } from '../../core/limits.ts'
import { createWebTargets } from '../../core/web-targets.ts'
import { inputError } from '../agent.ts'

export type ChatContent = string | ChatCompletionContentPart[]

const AUDIO: Readonly<Record<string, 'mp3' | 'wav'>> = {
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav'
}

/** Whoever serves the model follows links: a caller must not send it into the network it stands in. */
const TARGETS = createWebTargets()

/**
 * One text where there is nothing but text, as every server takes it.
 *
 * @throws AGENT_INPUT above `llmTextBytes` of text or `llmFileBytes` of anything else
 */
export function toChatContent(agent: string, parts: readonly Part[]): ChatContent {
  const content = parts.map(toContentPart)
  const texts = content.flatMap((part) => (part.type === 'text' ? [part.text] : []))
  const text = texts.reduce((sum, one) => sum + Buffer.byteLength(one), 0)
  const files = parts.reduce((sum, { raw = '' }) => sum + raw.length, 0)
  checkSizes(agent, { text, files })
  return texts.length === content.length ? texts.join('\n') : content
}

/** @throws AGENT_INPUT for more bytes than one message to a model may have */
export function checkSizes(
  agent: string,
  { text, files }: { readonly text: number; readonly files: number }
): void {
  checkSize(agent, 'text', { bytes: text, limit: LIMITS.llmTextBytes.value })
  checkSize(agent, 'images and files', { bytes: files, limit: LIMITS.llmFileBytes.value })
}

function checkSize(
  agent: string,
  what: string,
  { bytes, limit }: { readonly bytes: number; readonly limit: number }
): void {
  if (bytes <= limit) return
  throw inputError(agent, `${what} of ${bytes} bytes, more than the ${limit} that a model is sent`)
}

function toContentPart(part: Part): ChatCompletionContentPart {
  const { text, raw, url, data, filename } = part
  if (text !== undefined) {
    return asText(filename === undefined ? text : `File ${filename}:\n${text}`)
  }
  if (data !== undefined) return asText(JSON.stringify(data))
  if (raw !== undefined) return fromRaw(raw, part)
  return fromUrl(url ?? '', part)
}

function asText(text: string): ChatCompletionContentPart {
  return { type: 'text', text }
}

function fromRaw(raw: string, { filename = 'file', mediaType }: Part): ChatCompletionContentPart {
  const type = mediaType ?? 'application/octet-stream'
  const format = AUDIO[type]
  if (format !== undefined) return { type: 'input_audio', input_audio: { data: raw, format } }
  const address = `data:${type};base64,${raw}`
  if (type.startsWith('image/')) return { type: 'image_url', image_url: { url: address } }
  if (!isTextual(type)) return { type: 'file', file: { filename, file_data: address } }
  return asText(`File ${filename}:\n${Buffer.from(raw, 'base64').toString('utf8')}`)
}

function isTextual(mediaType: string): boolean {
  return /^text\/|^application\/(?:[\w.]+\+)?(?:json|xml|yaml)\b/.test(mediaType)
}

function fromUrl(url: string, { mediaType = '', filename }: Part): ChatCompletionContentPart {
  if (mediaType.startsWith('image/') && isPublicPage(url)) {
    return { type: 'image_url', image_url: { url } }
  }
  return asText(filename === undefined ? url : `${filename}: ${url}`)
}

/** A name without a dot is one of the own network. */
export function isPublicPage(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:' || TARGETS.refusal(url) !== undefined) return false
  return /\./.test(url.hostname) && !/\.(?:internal|local|lan|home\.arpa)$/.test(url.hostname)
}

/** Without what a conversation has no room for: what a file was, instead of it. */
export function withoutFiles(parts: readonly Part[]): Part[] {
  return parts.map(({ raw, filename, mediaType, ...part }) =>
    raw === undefined
      ? { ...part, ...(filename !== undefined && { filename }), ...(mediaType && { mediaType }) }
      : { text: `[${[filename, mediaType ?? 'a file'].filter(Boolean).join(', ')}]` }
  )
}

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)?(?:;[\w=.-]+)*;base64,/

/** An image that a model made. */
export function imagePart(url: string): Part {
  const match = DATA_URL.exec(url)
  if (match === null) return { url, mediaType: 'image/*' }
  return { raw: url.slice(match[0].length), mediaType: match[1] ?? 'image/png' }
}

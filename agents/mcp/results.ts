/** What comes back from an MCP server, as tools and agents of this node hand it on. */
import type {
  CallToolResult,
  ContentBlock,
  GetPromptResult,
  ReadResourceResult
} from '@modelcontextprotocol/client'
import type { Part } from '../../core/a2a.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { isJsonObject } from '../../core/json.ts'

/**
 * For a model: text as text, what is structured as it is. Of images, sound and files it is told that
 * they are there; their bytes are `parts`, which the caller is given as an artifact.
 */
export function outputOf({ content, structuredContent }: CallToolResult): Json {
  const structured = asStructured(structuredContent)
  if (structured !== undefined) return structured
  if (content.every((block) => block.type === 'text')) return textOfBlocks(content)
  const parts = content.map(partOf).filter(({ raw }) => raw !== undefined)
  const told = content.map(describe)
  return parts.length === 0 ? told : { content: told, parts: parts.map((part) => ({ ...part })) }
}

/** What a failed call says. */
export function textOfBlocks(content: readonly ContentBlock[]): string {
  return content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n')
}

/** For an agent's answer: everything, in A2A's words. */
export function partsOf({ content, structuredContent }: CallToolResult): Part[] {
  const structured = asStructured(structuredContent)
  const parts = content.map(partOf)
  return structured === undefined ? parts : [...parts, { data: structured }]
}

/** The contents of a resource: what is text, and what is said of the rest. */
export function resourceOutput({ contents }: ReadResourceResult): Json {
  const read = contents.map((each) =>
    'text' in each ? each.text : { uri: each.uri, bytes: bytesOf(each.blob) }
  )
  return read.length === 1 ? (read[0] ?? '') : read
}

export function promptMessages({ messages }: GetPromptResult): { role: string; text: string }[] {
  return messages.map(({ role, content }) => ({
    role,
    text: content.type === 'text' ? content.text : JSON.stringify(describe(content))
  }))
}

/** It was parsed from JSON, so it holds nothing else. */
function asStructured(value: unknown): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined
}

function describe(block: ContentBlock): JsonObject {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text }
    case 'image':
    case 'audio':
      return { type: block.type, mediaType: block.mimeType, bytes: bytesOf(block.data) }
    case 'resource_link':
      return { type: 'link', uri: block.uri, name: block.name }
    case 'resource':
    default: {
      const { resource } = block
      return 'text' in resource
        ? { type: 'resource', uri: resource.uri, text: resource.text }
        : { type: 'resource', uri: resource.uri, bytes: bytesOf(resource.blob) }
    }
  }
}

function partOf(block: ContentBlock): Part {
  switch (block.type) {
    case 'text':
      return { text: block.text }
    case 'image':
    case 'audio':
      return { raw: block.data, mediaType: block.mimeType }
    case 'resource_link':
      return { url: block.uri, filename: block.name }
    case 'resource':
    default: {
      const { resource } = block
      const mediaType = resource.mimeType ?? 'application/octet-stream'
      return 'text' in resource ? { text: resource.text } : { raw: resource.blob, mediaType }
    }
  }
}

/** Of base64 text. */
function bytesOf(text: string): number {
  return Buffer.byteLength(text, 'base64')
}

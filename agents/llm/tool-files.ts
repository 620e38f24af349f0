/** Reads what a tool made besides words: `{ parts: [...] }` in its output, as A2A has parts. */
import type { Part } from '../../core/a2a.ts'
import { isJsonList, isJsonObject } from '../../core/json.ts'
import type { Json } from '../../core/json.ts'
import type { ToolResult } from '../tools/tool.ts'

/** Bytes in base64, or links. */
export function filesIn(result: ToolResult): readonly Part[] {
  if (result.type !== 'done' || !isJsonObject(result.output)) return []
  const { parts } = result.output
  return isJsonList(parts) ? parts.filter(isFile) : []
}

function isFile(part: Json): part is Json & Part {
  if (!isJsonObject(part)) return false
  const { raw, url, filename, mediaType } = part
  const isFilled = raw === undefined ? typeof url === 'string' : isBase64(raw) && url === undefined
  return isFilled && isOptionalText(filename) && isOptionalText(mediaType)
}

function isOptionalText(value: Json | undefined): boolean {
  return value === undefined || typeof value === 'string'
}

function isBase64(value: Json): boolean {
  return typeof value === 'string' && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value)
}

/** Makes text of an MCP server fit to be shown: to models, which obey, and on terminals, which obey too. */
import type { Json, JsonObject } from '../../core/json.ts'
import { isJsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'

/**
 * What nobody sees and machines read: control characters (escape sequences), marks that reverse or
 * hide text, and the tag characters in which orders to models have been smuggled.
 */
const UNSEEN =
  // oxlint-disable-next-line no-control-regex -- they are what it is about
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200B\u200E\u200F\u202A-\u202E\u2060-\u2064\u2066-\u206F\uFEFF]|[\u{E0000}-\u{E007F}]/gu

/** The text without {@link UNSEEN} characters, cut at `most` of them. */
export function cleanText(text: string, most: number = LIMITS.mcpTextLength.value): string {
  // Cut first: a server may send megabytes, of which nothing beyond the end can matter.
  const seen = text.slice(0, most * 2).replaceAll(UNSEEN, '')
  return seen.length <= most ? seen : `${seen.slice(0, most - 1)}…`
}

/** A schema with its texts cleaned; keys and values that mean something to a validator stay. */
export function cleanSchema(schema: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      (key === 'description' || key === 'title') && typeof value === 'string'
        ? cleanText(value)
        : cleanValue(value)
    ])
  )
}

function cleanValue(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.map((item: Json) => cleanValue(item) ?? null)
  return isJsonObject(value) ? cleanSchema(value) : value
}

/** Reads JSON that a model wrote, which may be broken. */
import type { Json } from '../../core/json.ts'
import { asJson } from '../tools/json-value.ts'

/** `undefined` for what is no JSON, or deeper than peers accept. */
export function readJson(text: string): { readonly value: Json } | undefined {
  try {
    return { value: asJson(JSON.parse(text)) }
  } catch {
    return undefined
  }
}

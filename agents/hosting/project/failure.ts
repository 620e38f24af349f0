/** What the node is told of what people's code throws. */
import { isJsonObject } from '../../../core/json.ts'
import type { CallFailure } from '../call-lines.ts'
import { asJson } from './steps.ts'

/** Its own copy of this package may have made the error: what counts is how it looks. */
export function failureOf(
  error: unknown,
  messageOf: (error: Error) => string = ({ message }) => message
): CallFailure {
  if (error instanceof Error && error.name === 'LumosError' && 'code' in error) {
    const { code, message } = error
    const details = 'details' in error ? asJson(error.details) : {}
    return { code: String(code), message, ...(isJsonObject(details) && { details }) }
  }
  if (!(error instanceof Error)) return { message: String(error), details: { name: typeof error } }
  return { message: messageOf(error), details: { name: error.name } }
}

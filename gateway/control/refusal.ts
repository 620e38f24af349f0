/** Refusals in the words of the control API, for what never gets there over HTTP. */
import type { RefuseFor } from '../http/refusal.ts'
import { httpStatusOf } from '../http/errors.ts'
import { failureDocument } from './failure.ts'
import { isControlPath } from './http-door.ts'

export const refuseForControl: RefuseFor = (path, failure) =>
  isControlPath(path)
    ? { status: httpStatusOf(failure), body: failureDocument(failure) }
    : undefined

/** How a door says no, in the words of those who come to it. */
import type { LumosError } from '../../core/errors.ts'
import { httpStatusOf, restErrorOf } from './errors.ts'

export interface Refusal {
  readonly status: number
  readonly body: object
  readonly headers?: Readonly<Record<string, string>>
  /** What WWW-Authenticate says besides, when it is a 401. */
  readonly challenge?: string
}

/** For the requests that it knows by their path; `undefined` for those of other doors. */
export type RefuseFor = (path: string, failure: LumosError) => Refusal | undefined

/** As google.rpc.Status, where no door has words of its own. */
export function refusalOf(failure: LumosError): Refusal {
  return { status: httpStatusOf(failure), body: restErrorOf(failure) }
}

/** Refusals of the dashboard's sign-in, in the words of the control API. */
import { failureDocument } from '../control/failure.ts'
import { httpStatusOf } from '../http/errors.ts'
import type { RefuseFor } from '../http/refusal.ts'
import { DASHBOARD_PATH } from './door.ts'

export const refuseForDashboard: RefuseFor = (path, failure) =>
  path.startsWith(DASHBOARD_PATH)
    ? { status: httpStatusOf(failure), body: failureDocument(failure) }
    : undefined

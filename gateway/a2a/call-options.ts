/** What a request over HTTP says besides its parameters: who asks, where its stream stands, which version. */
import { A2A_VERSION } from '../../core/a2a.ts'
import { LumosError, invalidRequest } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { EdgeOptions } from '../../tasks/edge/service.ts'
import type { HttpRequest } from '../http/request.ts'
import { parsePlace, placed } from './places.ts'

export function optionsOf({ caller, signal }: HttpRequest): EdgeOptions {
  return { owner: caller.owner, signal }
}

/** A stream whose updates bear their places, which goes on behind Last-Event-ID. @throws INVALID_REQUEST */
export async function* withPlaces(
  request: HttpRequest,
  call: (options: EdgeOptions) => AsyncIterable<object>
): AsyncIterable<readonly [place: string, update: object]> {
  const told = String(request.incoming.headers['last-event-id'] ?? '')
  const after = parsePlace(told)
  if (told !== '' && after === undefined) throw invalidRequest('Last-Event-ID is not ours')
  yield* placed(call, { ...optionsOf(request), after })
}

export type A2aVersion = '0.3' | '1.0'

/**
 * In whose words a request is; `undefined` when it does not say. The specification reads that as 0.3.
 * The words themselves tell the versions apart, and people who try curl would be told that their method
 * does not exist: so the door goes by those.
 *
 * @throws A2A_VERSION_UNSUPPORTED
 */
export function versionOf(request: HttpRequest): A2aVersion | undefined {
  const version = toldVersion(request)
  // Patch versions are not to be told apart (A2A 1.0, section 3.6).
  const [, known] = /^(0\.3|1\.0)(\.\d+)?$/.exec(version) ?? []
  if (known === '0.3' || known === '1.0') return known
  if (version === '') return undefined
  throw new LumosError('A2A_VERSION_UNSUPPORTED', {
    details: { theirs: version.slice(0, 16), ours: A2A_VERSION }
  })
}

/** Whether the one who asks may be of 0.3: who reads 1.0, or more, says so. */
export function mayBeLegacy(request: HttpRequest): boolean {
  return /^(0|$)/.test(toldVersion(request))
}

function toldVersion({ incoming, query }: HttpRequest): string {
  return String(incoming.headers['a2a-version'] ?? query.get('A2A-Version') ?? '')
}

/** For a path that has one version only. @throws A2A_VERSION_UNSUPPORTED */
export function checkVersion(request: HttpRequest, ours: A2aVersion): void {
  const theirs = versionOf(request)
  if (theirs === undefined || theirs === ours) return
  throw new LumosError('A2A_VERSION_UNSUPPORTED', { details: { theirs, ours } })
}

/** Parameters for the agent of the path; one that they name has to be that. @throws INVALID_REQUEST */
export function inTenant(params: JsonObject, tenant: string): JsonObject {
  const named = params['tenant']
  if (tenant === '') return params
  if (named !== undefined && named !== '' && named !== tenant) {
    throw invalidRequest('the tenant is not the agent of this path')
  }
  return { ...params, tenant }
}

/** For the audit log: a name, or nothing. */
export function agentIn({ tenant }: JsonObject): string {
  return typeof tenant === 'string' ? tenant : ''
}

/** What a request over HTTP says besides its parameters: who asks, where its stream stands, which version. */
import { A2A_VERSION } from '../../core/a2a.ts'
import type { StreamResponse } from '../../core/a2a.ts'
import { LumosError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { EdgeOptions } from '../../tasks/edge-service.ts'
import type { HttpRequest } from '../http/request.ts'

type Place = NonNullable<EdgeOptions['after']>

export function optionsOf({ caller, signal }: HttpRequest): EdgeOptions {
  return { owner: caller.owner, signal }
}

/** A stream whose updates bear their places, which goes on behind Last-Event-ID. @throws INVALID_REQUEST */
export async function* withPlaces(
  request: HttpRequest,
  call: (options: EdgeOptions) => AsyncIterable<StreamResponse>
): AsyncIterable<readonly [place: string, update: StreamResponse]> {
  let place = ''
  const after = placeIn(request.incoming.headers['last-event-id'])
  const onPlace = ({ attempt, seq }: Place): void => {
    place = `${attempt}.${seq}`
  }
  const updates = call({ ...optionsOf(request), onPlace, ...(after && { after }) })
  for await (const update of updates) yield [place, update]
}

function placeIn(header: string | string[] | undefined): Place | undefined {
  if (header === undefined || header === '') return undefined
  const [, attempt, seq] = /^(\d{1,9})\.(\d{1,9})$/.exec(String(header)) ?? []
  if (attempt === undefined || seq === undefined) throw invalid('Last-Event-ID is not ours')
  return { attempt: Number(attempt), seq: Number(seq) }
}

/**
 * A request without a version is taken for the one that its words belong to: the specification reads
 * it as 0.3, and people who try curl would be told that their method does not exist.
 *
 * @throws A2A_VERSION_UNSUPPORTED
 */
export function checkVersion({ incoming, query }: HttpRequest): void {
  const version = incoming.headers['a2a-version'] ?? query.get('A2A-Version') ?? ''
  // Patch versions are not to be told apart (A2A 1.0, section 3.6).
  if (version === '' || /^1\.0(\.\d+)?$/.test(String(version))) return
  const theirs = String(version).slice(0, 16)
  throw new LumosError('A2A_VERSION_UNSUPPORTED', { details: { theirs, ours: A2A_VERSION } })
}

/** Parameters for the agent of the path; one that they name has to be that. @throws INVALID_REQUEST */
export function inTenant(params: JsonObject, tenant: string): JsonObject {
  const named = params['tenant']
  if (tenant === '') return params
  if (named !== undefined && named !== '' && named !== tenant) {
    throw invalid('the tenant is not the agent of this path')
  }
  return { ...params, tenant }
}

/** For the audit log: a name, or nothing. */
export function agentIn({ tenant }: JsonObject): string {
  return typeof tenant === 'string' ? tenant : ''
}

function invalid(reason: string): LumosError {
  return new LumosError('INVALID_REQUEST', { details: { reason } })
}

/** Says which name was probably meant when nobody has the one that was typed. */
import type { Client } from '../client/calls.ts'
import { LumosError } from '../core/errors.ts'
import { suggest } from '../core/suggest.ts'

/** Asking who else there is must not make a failed command slow. */
const ADVICE_TIMEOUT_MS = 1000

/** For a name nobody has: the nearest one that somebody has. */
export async function withAdvice(
  error: LumosError,
  {
    client,
    target,
    command
  }: { readonly client: Client; readonly target: string; readonly command: string }
): Promise<LumosError> {
  if (error.code !== 'NO_ROUTE' && error.code !== 'AGENT_UNKNOWN') return error
  try {
    const { agents } = await client.agents({ timeoutMs: ADVICE_TIMEOUT_MS })
    const names = agents.flatMap(({ id, skills }) => [id, ...skills.map((skill) => skill.id)])
    const [wanted = target] = target.replace(/^@/, '').split('@')
    const near = names.find((name) => name.includes(wanted)) ?? suggest(wanted, names)
    const details = { ...error.details, looked: `${agents.length} agents known here` }
    const suggestion =
      near === undefined ? undefined : `lumos ${command} ${near} …, or ${error.hint}`
    return new LumosError(error.code, {
      cause: error,
      details: suggestion === undefined ? details : { ...details, suggestion }
    })
  } catch {
    return error
  }
}

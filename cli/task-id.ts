/** What somebody types for a task: all of its id, or a beginning or end that fits no other. */
import type { CallOptions, Client } from '../client/calls.ts'
import { LumosError } from '../core/errors.ts'
import { isUuid } from '../core/ids.ts'
import { usage } from './arguments.ts'

/** The newest so many are looked through. */
const SEARCHED_TASKS = 500

/** The full id. @throws TASK_NOT_FOUND, USAGE for what fits several */
export async function resolveTask(
  text: string,
  client: Pick<Client, 'tasks'>,
  options: CallOptions
): Promise<string> {
  const wanted = text.replace(/^…/, '').toLowerCase()
  if (isUuid(wanted)) return wanted
  const { tasks } = await client.tasks({ limit: SEARCHED_TASKS }, options)
  const found = tasks.filter(({ id }) => id.startsWith(wanted) || id.endsWith(wanted))
  if (found.length > 1) throw usage(`"${text}" fits ${found.length} tasks`, { command: 'tasks ls' })
  if (found[0] !== undefined) return found[0].id
  throw new LumosError('TASK_NOT_FOUND', { details: { task: text, looked: tasks.length } })
}

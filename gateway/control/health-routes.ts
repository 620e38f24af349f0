/** Whether the process answers, and whether it takes work: for containers and load balancers. */
import { isErrorCode, LumosError } from '../../core/errors.ts'
import type { ControlOperations } from './operations.ts'
import { documentRoute } from './route.ts'
import { health } from './schema/node.ts'

export const healthRoutes = [
  documentRoute({
    method: 'GET',
    path: '/healthz',
    id: 'healthz',
    summary: 'Whether the process answers',
    answer: health,
    handle: async () => ({ v: 1, ok: true })
  }),
  documentRoute({
    method: 'GET',
    path: '/readyz',
    id: 'readyz',
    summary: 'Whether the node takes work just now',
    answer: health,
    async handle(operations) {
      const error = await whyNotReady(operations)
      if (error !== undefined) throw error
      return { v: 1, ok: true }
    }
  })
]

/** A node that cannot write takes no task: each is on disk before it is accepted. */
async function whyNotReady(operations: ControlOperations): Promise<LumosError | undefined> {
  const { problems } = await operations.status()
  const problem = problems.find(({ code }) => code.startsWith('STORE_'))
  if (problem === undefined || !isErrorCode(problem.code)) return undefined
  return new LumosError(problem.code, { details: problem.details ?? {} })
}

import { expect, test } from 'vitest'
import { LumosError } from '../../../core/errors.ts'
import { createSending } from '../../../routing/sending.ts'
import type { SendingComponents } from '../../../routing/sending.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const UPDATE = { task: { id: 'task', status: { state: 'TASK_STATE_WORKING' } } }
const nothing = (): void => undefined

/** To a peer that is silent just now, and answers all the same. */
async function send(isLast: boolean): Promise<unknown[]> {
  const parts = {
    clock: new ManualClock(),
    selector: { begin: () => ({ heard: nothing, failed: nothing, closed: nothing }) },
    workers: {
      reach: async () => ({
        async *sendStreamingMessage() {
          yield UPDATE
        }
      }),
      silent: {
        unlessSilent() {
          throw new LumosError('PEER_SILENT', { details: { peer: 'oak' } })
        }
      }
    }
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the parts that are used
  const sending = createSending(parts as unknown as SendingComponents)
  const message = { messageId: 'm', contextId: 'c', role: 'ROLE_USER' as const, parts: [] }
  const order = { taskId: 'task', target: 'talk', message }
  const placement = {
    worker: { id: 'oak', name: 'oak' },
    agentId: 'talk',
    path: 'direct' as const,
    idempotent: true
  }
  const options = { signal: new AbortController().signal, remainingMs: () => 60_000, isLast }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the fields that are read
  const asked = order as unknown as Parameters<typeof sending>[0]
  return Array.fromAsync(sending(asked, placement, options))
}

test('a silent peer is left for another one, and waited for when there is none', async () => {
  await expect(send(false)).rejects.toMatchObject({ code: 'PEER_SILENT' })
  expect(await send(true)).toEqual([UPDATE])
})

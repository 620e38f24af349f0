/** One peer is told of grants at its own pace: nothing is lost because it has enough to do. */
import { expect, onTestFinished, test } from 'vitest'
import { LumosError } from '../../../core/errors.ts'
import { LIMITS } from '../../../core/limits.ts'
import { silentLogger } from '../../../core/logger.ts'
import { createTelling } from '../../../protocols/grants/telling.ts'
import type { Session } from '../../../protocols/session/session.ts'
import type { Revocation } from '../../../trust/grants/revocations.ts'
import { ManualClock } from '../../support/manual-clock.ts'

type Answer = string | LumosError

function busy(retryAfterMs?: number): LumosError {
  return new LumosError('OVERLOADED', retryAfterMs ? { details: { retryAfterMs } } : {})
}

function revocation(at: number): Revocation {
  return { id: `${at}`, issuer: 'issuer', until: 1000, token: `token-${at}` }
}

/** `answers` come in turn; then everything is in order. */
function setup(answers: readonly Answer[] = []) {
  const clock = new ManualClock()
  const left = [...answers]
  const said: string[] = []
  const over = new Set<string>()
  const wallet: string[] = []
  let shown = 0
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as much of a session as it uses
  const session = {
    peer: 'peer',
    request: async (method: string, body: Uint8Array) => {
      const { tokens } = JSON.parse(Buffer.from(body).toString()) as { tokens: string[] }
      said.push(`${method} ${tokens.length > 4 ? tokens.length : tokens.join(' ')}`)
      const answer = left.shift() ?? '{"v":1,"refused":[]}'
      if (answer instanceof LumosError) throw answer
      return Buffer.from(answer)
    }
  } as unknown as Session
  const telling = createTelling(
    {
      clock,
      logger: silentLogger,
      revocations: { covers: ({ id }) => !over.has(id) },
      grantsFor: () => wallet,
      onShown: () => void (shown += 1)
    },
    session
  )
  onTestFinished(() => telling.end())
  return { clock, telling, said, over, wallet, shown: () => shown }
}

test('what a busy peer did not hear is told again when it says so', async () => {
  const { clock, telling, said } = setup([busy(700), busy()])
  telling.tell([revocation(1)])
  await clock.advance(699)
  expect(said).toEqual(['grant.revoked token-1'])
  await clock.advance(1)
  expect(said).toHaveLength(2)
  telling.tell([revocation(2)])
  await clock.advance(5000)
  expect(said.slice(2)).toEqual(['grant.revoked token-1 token-2'])
  await clock.advance(60_000)
  expect(said).toHaveLength(3)
})

test('a long list comes a message at a time, and grants do not wait for all of it', async () => {
  const most = LIMITS.revocationsAtOnce.value
  const { clock, telling, said, wallet } = setup()
  wallet.push('grant')
  telling.tell(Array.from({ length: 2 * most + 9 }, (_, at) => revocation(at)))
  telling.show()
  await clock.advance(1)
  expect(said).toEqual([
    `grant.revoked ${most}`,
    'grant.show grant',
    `grant.revoked ${most}`,
    'grant.revoked 9'
  ])
})

test('a busy peer is shown the grants of later, not those that it refused to look at', async () => {
  const { clock, telling, said, wallet, shown } = setup([busy(100)])
  wallet.push('one')
  telling.show()
  wallet.push('two')
  telling.show()
  await clock.advance(99)
  expect([said, shown()]).toEqual([['grant.show one'], 0])
  await clock.advance(1)
  expect([said, shown()]).toEqual([['grant.show one', 'grant.show one two'], 1])
})

test('a grant that a busy peer refused to look at is shown again', async () => {
  const { clock, telling, said, wallet, shown } = setup([busy(100), busy(100)])
  wallet.push('one')
  telling.show()
  await clock.advance(1000)
  expect([said.length, shown()]).toEqual([3, 1])
})

test('what is over meanwhile is not told, and nothing is to a peer that is gone', async () => {
  const { clock, telling, said, over } = setup([busy(100), busy(100)])
  telling.tell([revocation(1), revocation(2)])
  await clock.advance(1)
  over.add('1')
  await clock.advance(99)
  expect(said).toEqual(['grant.revoked token-1 token-2', 'grant.revoked token-2'])
  await telling.end()
  telling.tell([revocation(3)])
  expect(clock.pending).toBe(0)
  expect(said).toHaveLength(2)
})

test('an answer that makes no sense is nobody’s end', async () => {
  const { clock, telling, said, wallet, shown } = setup(['nonsense'])
  wallet.push('one')
  telling.show()
  telling.tell([revocation(1)])
  await clock.advance(1)
  expect([said, shown()]).toEqual([['grant.show one', 'grant.revoked token-1'], 0])
})

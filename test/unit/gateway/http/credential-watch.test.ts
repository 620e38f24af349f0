/** When an answer ends because of who it is for: what the authenticators say then, and nothing that passes by itself. */
import type { IncomingMessage } from 'node:http'
import { expect, onTestFinished, test, vi } from 'vitest'
import { LumosError } from '../../../../core/errors.ts'
import { LIMITS } from '../../../../core/limits.ts'
import type { Identity } from '../../../../gateway/http/authenticators.ts'
import { createCallers } from '../../../../gateway/http/callers.ts'
import { watchCredential } from '../../../../gateway/http/credential-watch.ts'
import { createFailedAttempts } from '../../../../gateway/http/failed-attempts.ts'
import { createHostGuard } from '../../../../gateway/http/host-guard.ts'
import type { AuditEvent } from '../../../../trust/audit-log.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { PATIENCE } from '../../../support/patience.ts'

const HEARTBEAT = LIMITS.gatewayHeartbeat.value
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is read of it
const REQUEST = { headers: {}, socket: { remoteAddress: '192.0.2.1' } } as IncomingMessage

/** An answer to `first`; the returned `now` is what its credential proves from then on. */
async function setup(first: Identity) {
  const clock = new ManualClock()
  const noted: AuditEvent[] = []
  const ask = vi.fn<(owner: string) => void>()
  const now: { identity: Identity | undefined; error?: Error; known?: Promise<void> } = {
    identity: first
  }
  const callers = createCallers({
    guard: createHostGuard({ hosts: [], origins: [], isExposed: false }),
    failures: createFailedAttempts({ clock }),
    authenticators: [
      {
        async authenticate() {
          await now.known
          if (now.error !== undefined) throw now.error
          return now.identity
        }
      }
    ],
    audit: { note: (event) => void noted.push(event) },
    quotas: { ask, answer: () => () => {} },
    tenants: { knows: () => true, reaches: () => true }
  })
  const caller = await callers.identify(REQUEST)
  const onEnded = vi.fn<(refusal: LumosError) => void>()
  const stop = watchCredential({ clock, callers }, REQUEST, { caller, onEnded })
  onTestFinished(() => {
    stop()
    expect(clock.pending).toBe(0)
  })
  return { clock, noted, ask, now, onEnded, stop }
}

const ADA: Identity = { who: 'jwt:issuer.example/ada', scopes: ['task/send'] }

test('a JWT that is refused by now ends the answer, with what it is refused with, once', async () => {
  const { clock, noted, now, onEnded } = await setup(ADA)
  await clock.advance(HEARTBEAT)
  expect(onEnded).not.toHaveBeenCalled()
  now.error = new LumosError('JWT_REFUSED', { details: { reason: 'unknown key' } })
  await clock.advance(10 * HEARTBEAT)
  expect(onEnded).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'JWT_REFUSED' }))
  expect(noted).toEqual([
    { who: ADA.who, did: 'request', what: 'Authorization', allowed: false, reason: 'JWT_REFUSED' }
  ])
})

test('an issuer that cannot be asked just now ends nothing, and is asked again', async () => {
  const { clock, noted, now, onEnded } = await setup(ADA)
  now.error = new LumosError('JWT_KEYS_UNAVAILABLE')
  await clock.advance(10 * HEARTBEAT)
  expect(onEnded).not.toHaveBeenCalled()
  expect(noted).toEqual([])
  now.error = new LumosError('JWT_REFUSED', { details: { reason: 'expired' } })
  await clock.advance(HEARTBEAT)
  expect(onEnded).toHaveBeenCalledOnce()
})

test.for([
  ['nobody', undefined],
  ['somebody else', { ...ADA, who: 'jwt:issuer.example/bob' }],
  ['one of another tenant', { ...ADA, tenant: 'acme' }]
] as const)('a credential that is %s’s by now ends the answer', async ([, identity]) => {
  const { clock, now, onEnded } = await setup(ADA)
  now.identity = identity
  await clock.advance(HEARTBEAT)
  expect(onEnded).toHaveBeenCalledWith(expect.objectContaining({ code: 'API_TOKEN_REFUSED' }))
})

test('a credential is looked at when it expires, and goes on if it was renewed', async () => {
  const { clock, now, onEnded } = await setup({ ...ADA, expiresAt: 1000 })
  await clock.advance(1000)
  expect(onEnded).not.toHaveBeenCalled()
  now.identity = undefined
  await clock.advance(HEARTBEAT)
  expect(onEnded).toHaveBeenCalledOnce()
})

test('who signs out of the dashboard hears no more at once, which is no refusal', async () => {
  const session = new AbortController()
  const { signal: ended } = session
  const dashboard = { who: 'dashboard:a', scopes: [], ended, local: true } as const
  const { clock, noted, onEnded } = await setup(dashboard)
  session.abort(new LumosError('API_TOKEN_REFUSED'))
  expect(onEnded).toHaveBeenCalledOnce()
  expect(noted).toEqual([])
  expect(clock.pending).toBe(0)
})

test('a token that is taken back ends the answer without waiting for the next look, and is noted', async () => {
  const token = new AbortController()
  const { clock, noted, now, onEnded } = await setup({ ...ADA, ended: token.signal })
  now.identity = undefined
  token.abort(new LumosError('API_TOKEN_REFUSED'))
  await clock.advance(0)
  expect(onEnded).toHaveBeenCalledOnce()
  expect(noted).toHaveLength(1)
  expect(clock.pending).toBe(0)
})

test('what is looked at again counts neither as a request nor as a failed one', async () => {
  const { clock, now, ask, onEnded } = await setup(ADA)
  await clock.advance((LIMITS.gatewayFailures.value + 1) * HEARTBEAT)
  expect(ask).toHaveBeenCalledOnce()
  now.identity = undefined
  await clock.advance(HEARTBEAT)
  expect(onEnded).toHaveBeenCalledWith(expect.objectContaining({ code: 'API_TOKEN_REFUSED' }))
})

test('a look that is under way when the answer ends says nothing any more', async () => {
  const { clock, noted, now, onEnded, stop } = await setup(ADA)
  const { promise, resolve } = Promise.withResolvers<void>()
  now.identity = undefined
  now.known = promise
  await clock.advance(HEARTBEAT)
  stop()
  resolve()
  await vi.waitFor(() => expect(noted).toHaveLength(1), PATIENCE)
  expect(onEnded).not.toHaveBeenCalled()
})

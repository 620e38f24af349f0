/** Who a caller is: the first authenticator that knows what is shown decides, and a tenant shares its tasks. */
import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import {
  createTokenAuthenticator,
  openAuthenticator
} from '../../../../gateway/http/authenticators.ts'
import type { Authenticator } from '../../../../gateway/http/authenticators.ts'
import { createCallers } from '../../../../gateway/http/callers.ts'
import { createFailedAttempts } from '../../../../gateway/http/failed-attempts.ts'
import { createHostGuard } from '../../../../gateway/http/host-guard.ts'
import { LIMITS } from '../../../../core/limits.ts'
import type { ApiToken } from '../../../../trust/api-tokens.ts'
import type { AuditEvent } from '../../../../trust/audit-log.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const TOKEN: ApiToken = { id: 'a1', name: '', scopes: ['task/send'], createdAt: 0, expiresAt: 1 }

function setup({ tenant, others = [] }: { tenant?: string; others?: Authenticator[] } = {}) {
  const noted: AuditEvent[] = []
  const clock = new ManualClock()
  const token = { ...TOKEN, ...(tenant !== undefined && { tenant }) }
  const callers = createCallers({
    guard: createHostGuard({ hosts: [], origins: [], isExposed: false }),
    failures: createFailedAttempts({ clock }),
    authenticators: [
      createTokenAuthenticator({
        verify: (secret) => (secret === 'lumos_right' ? token : undefined),
        ended: () => new AbortController().signal
      }),
      ...others
    ],
    audit: { note: (event) => void noted.push(event) },
    quotas: { ask: () => {}, answer: () => () => {} },
    tenants: { knows: () => true, reaches: () => true }
  })
  return { callers, clock, noted }
}

function request(authorization?: string, remoteAddress = '127.0.0.1'): IncomingMessage {
  const headers = { host: 'localhost:1', ...(authorization !== undefined && { authorization }) }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is read of it
  return { headers, socket: { remoteAddress } } as IncomingMessage
}

test('a token owns what its holder asks for, unless a tenant does', async () => {
  const alone = setup()
  expect(await alone.callers.identify(request('Bearer lumos_right'))).toEqual({
    who: 'http:a1',
    owner: 'http:a1',
    scopes: ['task/send'],
    expiresAt: 1,
    ended: expect.any(AbortSignal)
  })
  const { callers } = setup({ tenant: 'acme' })
  expect(await callers.identify(request('bearer lumos_right'))).toMatchObject({
    who: 'http:a1',
    tenant: 'acme',
    owner: 'tenant:acme'
  })
})

test('an open door is for those who show nothing: a wrong credential stays wrong', async () => {
  const { callers, noted } = setup({ others: [openAuthenticator] })
  expect(await callers.identify(request())).toMatchObject({ who: 'http:open' })
  for (const wrong of ['Bearer lumos_wrong', 'Bearer of.some.kind', 'Basic bHVtb3M6', '']) {
    await expect(callers.identify(request(wrong))).rejects.toMatchObject({
      code: 'API_TOKEN_REFUSED'
    })
  }
  expect(noted).toHaveLength(4)
})

test('authenticators are asked in their order until one knows what is shown', async () => {
  const asked: string[] = []
  const named = (who: string | undefined): Authenticator => ({
    authenticate: async () => {
      asked.push(who ?? 'nobody')
      return who === undefined ? undefined : { who, scopes: [] }
    }
  })
  const { callers } = setup({ others: [named(undefined), named('jwt:a/b'), named('never')] })
  expect(await callers.identify(request('Bearer x'))).toMatchObject({ owner: 'jwt:a/b' })
  expect(asked).toEqual(['nobody', 'jwt:a/b'])
})

test('an address that fails too often is told to wait, and whoever has a credential comes in all the same', async () => {
  const { callers, clock, noted } = setup()
  const wrong = (address: string) => callers.identify(request('Bearer lumos_wrong', address))
  for (let count = 0; count < LIMITS.gatewayFailures.value; count++) {
    await expect(wrong('192.0.2.1')).rejects.toMatchObject({ code: 'API_TOKEN_REFUSED' })
  }
  const limited = { code: 'AUTH_RATE_LIMITED', details: { retryAfterMs: 2000 } }
  await expect(wrong('192.0.2.1')).rejects.toMatchObject(limited)
  await expect(wrong('::ffff:192.0.2.1')).rejects.toMatchObject(limited)
  await expect(wrong('192.0.2.2')).rejects.toMatchObject({ code: 'API_TOKEN_REFUSED' })
  const right = callers.identify(request('Bearer lumos_right', '192.0.2.1'))
  await expect(right).resolves.toMatchObject({ who: 'http:a1' })
  await clock.advance(2000)
  await expect(wrong('192.0.2.1')).rejects.toMatchObject({ code: 'API_TOKEN_REFUSED' })
  // What the audit log takes for one kind is counted in one line.
  expect(new Set(noted.map((event) => JSON.stringify(event))).size).toBe(2)
})

test('a foreign name is noted without a word that the stranger chose', () => {
  const { callers, noted } = setup()
  const from = request()
  from.headers.host = 'evil.example'
  expect(() => callers.admit(from)).toThrow(expect.objectContaining({ code: 'HOST_REFUSED' }))
  expect(JSON.stringify(noted)).not.toContain('evil')
  expect(noted).toMatchObject([{ allowed: false, reason: 'HOST_REFUSED' }])
})

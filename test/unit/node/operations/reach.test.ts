/** What a tenant may ask for from whom agents are hidden. */
import { expect, test } from 'vitest'
import { askedWithinReach } from '../../../../node/operations/reach.ts'
import { createTenants } from '../../../../trust/tenants.ts'

const quotas = { rate: 1, burst: 1, concurrency: 1, streams: 1, storageBytes: 1 }
const TENANTS = createTenants({ quotas, tenants: { beta: { agents: ['who', 'sales-*'] } } })
const asBeta = (request: Parameters<typeof askedWithinReach>[0]) =>
  askedWithinReach(request, TENANTS, 'tenant:beta')

test.each(['who', '@who', 'sales-report'])(
  'it names an agent, not a skill or tag that a hidden one may have: %s',
  (target) => {
    expect(asBeta({ target, text: 'hi' }).target).toBe(`@${target.replace('@', '')}`)
  }
)

function judgedBy(judge?: string) {
  const ensemble = { peers: 2, take: 'best', ...(judge && { judge }) } as const
  return () => asBeta({ target: 'who', text: 'hi', ensemble })
}

test('nor does it have a hidden agent judge for it, named or not', () => {
  const unknown = expect.objectContaining({ code: 'AGENT_UNKNOWN' })
  expect(judgedBy('@secret')).toThrow(unknown)
  expect(judgedBy()).toThrow(unknown)
  expect(judgedBy('who')().ensemble?.judge).toBe('@who')
})

test('from whom nothing is hidden asks for what it likes', () => {
  const request = { target: 'text.shout', text: 'hi' }
  expect(askedWithinReach(request, TENANTS, 'http:1')).toBe(request)
})

/** `lumos audit`: what people and scripts see of the audit log. */
import { expect, test, vi } from 'vitest'
import type { AuditOperations } from '../../../gateway/control/audit-operations.ts'
import { fakeAudit } from '../../support/audit-operations.ts'
import { createTestCli } from '../../support/cli.ts'

function setup(audit: Partial<AuditOperations> = {}) {
  return createTestCli({ audit: { ...fakeAudit(), ...audit } })
}

test('a line tells who did what, and why a peer was refused', async () => {
  const cli = await setup()
  expect((await cli.run(['audit'])).out.split('\n')).toEqual([
    '2026-01-02T03:04:05.678Z allowed local stop',
    expect.stringMatching(
      /^2026-01-02T03:04:05.678Z denied {2}birch \(.*\) task.send echo: no-member, tenant acme, grant 0123, 12 times, 1 line before it could not be written$/
    ),
    ''
  ])
})

test('the filters reach the node', async () => {
  const lines = vi.fn<AuditOperations['lines']>((...asked) => fakeAudit().lines(...asked))
  const cli = await setup({ lines })
  const { out } = await cli.run(['audit', '--denied', '--peer', 'birch', '-n', '7', '--json'])
  expect(out.trim().split('\n')).toHaveLength(1)
  expect(lines).toHaveBeenCalledWith(
    { peer: 'birch', denied: true, follow: false, limit: 7 },
    expect.anything()
  )
  await cli.run(['audit', '--since', '1h'])
  expect(lines.mock.lastCall?.[0].since).toBeTypeOf('number')
  await cli.run(['audit', '-f'])
  expect(lines.mock.lastCall?.[0].follow).toBe(true)
})

test('verify says that the log is whole, or fails with the place where it is not', async () => {
  const whole = await (await setup()).run(['audit', '--verify'])
  expect(whole).toEqual({
    code: 0,
    out: 'whole: 2 lines\n',
    err: expect.stringContaining('its end is 00ff')
  })
  const broken = { file: 'current.jsonl', line: 3, reason: 'the line before it was changed' }
  const cli = await setup({
    verify: async () => ({ v: 1, entries: 2, first: 1, head: '00ff', broken })
  })
  const { code, out, err } = await cli.run(['audit', '--verify'])
  expect(code).toBe(1)
  expect(out).toBe('')
  expect(err).toContain('current.jsonl, line 3: the line before it was changed')
})

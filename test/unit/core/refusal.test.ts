import { expect, test } from 'vitest'
import { LumosError, refusal } from '../../../core/errors.ts'

test('a refusal is an error as any other, without the stack, which later errors have again', () => {
  const details = { method: 'x' }
  const error = refusal('UNKNOWN_METHOD', { details })
  expect(error).toBeInstanceOf(LumosError)
  expect(error.toWire()).toEqual(new LumosError('UNKNOWN_METHOD', { details }).toWire())
  expect(error.stack).not.toContain('refusal.test')
  expect(new LumosError('UNKNOWN_METHOD', { details }).stack).toContain('refusal.test')
})

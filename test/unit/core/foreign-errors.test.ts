import { expect, test } from 'vitest'
import { toLumosError } from '../../../core/errors.ts'

/** As another copy of this package makes them. */
class ForeignError extends Error {
  override readonly name = 'LumosError'
  readonly code: unknown
  readonly details: unknown

  constructor(code: unknown, details: unknown) {
    super('of another copy')
    this.code = code
    this.details = details
  }
}

test('an error of another copy of this package keeps its code and its flat details', () => {
  const error = toLumosError(new ForeignError('TOOL_INPUT', { reason: 'no', deep: { a: 1 } }))
  expect(error).toMatchObject({ code: 'TOOL_INPUT', details: { reason: 'no' } })
  expect(error.details).not.toHaveProperty('deep')
})

test.for([[42], ['__proto__'], ['NO_SUCH_CODE']])('the code %s is none', ([code]) => {
  expect(toLumosError(new ForeignError(code, null)).code).toBe('INTERNAL')
})

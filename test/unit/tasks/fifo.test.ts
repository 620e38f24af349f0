import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFifo } from '../../../tasks/fifo.ts'

test('gives back in order what it was given, whatever comes between', () => {
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.integer(), { nil: undefined }), { maxLength: 200 }),
      (steps) => {
        const fifo = createFifo<number>()
        const model: number[] = []
        for (const step of steps) {
          if (step === undefined) expect(fifo.shift()).toBe(model.shift())
          else {
            fifo.push(step)
            model.push(step)
          }
          expect([fifo.size, fifo.first]).toEqual([model.length, model[0]])
        }
      }
    )
  )
})

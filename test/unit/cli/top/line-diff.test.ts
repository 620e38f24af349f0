/** What is sent to the terminal turns the frame it shows into the next one. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { frameUpdate } from '../../../../cli/top/line-diff.ts'
import { render } from '../../../../cli/top/frame.ts'
import { makeData, makeState } from '../../../support/top-states.ts'
import { createTinyTerminal } from '../../../support/tiny-terminal.ts'

const COLUMNS = 20
const line = fc.oneof(
  fc.string({ maxLength: COLUMNS }).map((text) => text.replaceAll('\u001b', ' ')),
  fc.constantFrom('', 'x'.repeat(COLUMNS), '琥珀水獭'.repeat(2), '\u001b[7m▸ chosen\u001b[27m')
)
const frame = fc.array(line, { minLength: 5, maxLength: 5 })

function shown(lines: readonly string[]): string[] {
  const terminal = createTinyTerminal(COLUMNS, lines.length)
  terminal.write(frameUpdate(lines, undefined))
  return terminal.lines()
}

test('the changes between two frames make the second of the first, whatever was there', () => {
  fc.assert(
    fc.property(frame, frame, (first, second) => {
      const terminal = createTinyTerminal(COLUMNS, 5)
      terminal.write(frameUpdate(first, undefined))
      terminal.write(frameUpdate(second, first))
      expect(terminal.lines()).toEqual(shown(second))
    })
  )
})

test('a line that stays is not sent again, and a frame that stays is nothing', () => {
  expect(frameUpdate(['a', 'b'], ['a', 'c'])).toBe(
    '\u001b[?2026h\u001b[2;1H\u001b[2Kb\u001b[0m\u001b[?2026l'
  )
  expect(frameUpdate(['a', 'b'], ['a', 'b'])).toBe('')
})

test('a second later, little of a frame of 500 peers is another', () => {
  const size = { columns: 120, rows: 40, colour: true }
  const state = makeState(makeData({ peers: 500 }))
  const before = render(state, size)
  const after = render({ ...state, now: state.now + 1000 }, size)
  expect(frameUpdate(after, before).length).toBeLessThan(400)
})

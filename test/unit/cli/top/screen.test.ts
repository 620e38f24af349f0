/** The terminal is taken, and given back whatever happens. */
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import type { Key } from '../../../../cli/top/keys.ts'
import { TerminalScreen } from '../../../../cli/top/screen.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l'
const LEAVE = '\u001b[?2026l\u001b[0m\u001b[2J\u001b[?7h\u001b[?25h\u001b[?1049l'

function setup({ isTTY = true, fails = false } = {}) {
  const clock = new ManualClock()
  const log: string[] = []
  const handlers = new Map<string, () => void>()
  const on = (event: string, handler: () => void): (() => void) => {
    handlers.set(event, handler)
    return () => handlers.delete(event)
  }
  const input = Object.assign(new PassThrough(), {
    isTTY,
    setRawMode(raw: boolean) {
      if (fails) throw new Error('EIO')
      log.push(raw ? 'raw' : 'cooked')
    }
  })
  const output = { write: (text: string) => log.push(text), columns: () => 80, rows: () => 24 }
  const keys: Key[] = []
  const screen = new TerminalScreen(
    { input, output, onResize: (handler) => on('resize', handler) },
    { clock, jobs: { on, stop: () => log.push('stopped') } },
    {
      pressed: (key) => keys.push(key),
      redraw: () => log.push('redraw'),
      ended: () => log.push('ended')
    }
  )
  return { clock, log, handlers, input, keys, screen }
}

test('it is taken at once, and given back once', () => {
  const { screen, log, handlers } = setup()
  expect(log).toEqual([ENTER, 'raw'])
  screen.close()
  screen.close()
  screen.write('late')
  expect(log).toEqual([ENTER, 'raw', 'cooked', LEAVE])
  expect([...handlers.keys()]).toEqual([])
})

test('a process that ends in any way gives it back first', () => {
  const { log, handlers } = setup()
  handlers.get('exit')?.()
  expect(log.slice(2)).toEqual(['cooked', LEAVE])
})

test('stopped, the shell has its terminal; continued, all is drawn anew', async () => {
  const { screen, log, handlers, clock } = setup()
  handlers.get('SIGTSTP')?.()
  expect(log.splice(0)).toEqual([ENTER, 'raw', 'cooked', LEAVE, 'stopped'])
  // While it is stopped no time passes for it.
  handlers.get('SIGCONT')?.()
  expect(log.splice(0)).toEqual([ENTER, 'raw', 'redraw'])
  await clock.advance(100)
  screen.suspend()
  expect(log).toContain('stopped')
})

test('a process that nobody could continue is not stopped for ever', async () => {
  const { screen, log, clock } = setup()
  screen.suspend()
  await clock.advance(100)
  expect(log.slice(-3)).toEqual([ENTER, 'raw', 'redraw'])
})

test('a new size is drawn anew', () => {
  const { log, handlers } = setup()
  handlers.get('resize')?.()
  expect(log.at(-1)).toBe('redraw')
})

test('keys come through, also in pieces of characters; the end of the input is told', async () => {
  const { input, keys, log, screen } = setup()
  const bytes = Buffer.from('/琥')
  input.write(bytes.subarray(0, 2))
  input.write(bytes.subarray(2))
  input.end()
  await expect.poll(() => log.at(-1)).toBe('ended')
  expect(keys).toEqual(['/', '琥'])
  screen.close()
})

test('without a keyboard it only shows', () => {
  const { log, screen } = setup({ isTTY: false })
  screen.close()
  expect(log).toEqual([ENTER, LEAVE])
})

test('a terminal that has gone is no crash', () => {
  const { screen } = setup({ fails: true })
  expect(() => screen.close()).not.toThrow()
})

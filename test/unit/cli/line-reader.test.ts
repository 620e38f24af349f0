/** Messages from a keyboard, with editing, history and pasting, and from a pipe. */
import { PassThrough } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { createLineReader } from '../../../cli/line-reader.ts'

const NEVER = new AbortController().signal

/** A terminal whose keys the test presses. */
function setup(isTTY = true) {
  const keys = new PassThrough()
  const screen = new PassThrough()
  const modes: boolean[] = []
  const input = Object.assign(keys, {
    isTTY,
    setRawMode(raw: boolean) {
      modes.push(raw)
      return keys
    }
  })
  const reader = createLineReader({ input: input as never, output: screen })
  onTestFinished(() => reader.close())
  const shown = (): string => String(screen.read() ?? '')
  return { keys, reader, modes, shown, read: () => reader.read('› ', NEVER) }
}

test('a line is what was typed, and the arrow keys bring back an earlier one', async () => {
  const { keys, read, shown } = setup()
  const first = read()
  keys.write('hello\r')
  expect(await first).toEqual({ type: 'text', text: 'hello' })
  expect(shown()).toContain('› ')
  const second = read()
  keys.write('\u001b[A!\r')
  expect(await second).toEqual({ type: 'text', text: 'hello!' })
})

test('a pasted text of several lines is one message, and can be gone on with', async () => {
  const { keys, read } = setup()
  const message = read()
  keys.write('see: \u001b[200~one\rtwo\rthree\u001b[201~')
  keys.write(' end\r')
  expect(await message).toEqual({ type: 'text', text: 'see: one\ntwo\nthree end' })
})

test('Ctrl-C takes back what was typed; on an empty line it is told', async () => {
  const { keys, read } = setup()
  const message = read()
  keys.write('\u001b[200~one\rtwo\u001b[201~\u0003better\r')
  expect(await message).toEqual({ type: 'text', text: 'better' })
  const next = read()
  keys.write('\u0003')
  expect(await next).toEqual({ type: 'interrupted' })
})

test('Ctrl-D ends it, also for whoever reads on', async () => {
  const { keys, read } = setup()
  const message = read()
  keys.write('\u0004')
  expect(await message).toEqual({ type: 'ended' })
  expect(await read()).toEqual({ type: 'ended' })
})

test('the terminal is raw only while somebody is asked, so that Ctrl-C is a signal else', async () => {
  const { keys, reader, read, modes } = setup()
  expect(modes.at(-1)).toBe(false)
  const message = read()
  expect(modes.at(-1)).toBe(true)
  keys.write('x\r')
  await message
  expect(modes.at(-1)).toBe(false)
  reader.close()
  expect(modes.at(-1)).toBe(false)
})

test('marks of pasting are switched off again', async () => {
  const { keys, read, shown } = setup()
  const message = read()
  keys.write('x\r')
  await message
  expect(shown().lastIndexOf('[?2004l')).toBeGreaterThan(0)
})

test('a pipe is read line by line to its end, without prompts', async () => {
  const { keys, read, shown } = setup(false)
  keys.end('one\ntwo')
  const lines = [await read(), await read(), await read()]
  expect(lines).toEqual([
    { type: 'text', text: 'one' },
    { type: 'text', text: 'two' },
    { type: 'ended' }
  ])
  expect(shown()).toBe('')
})

test.for([true, false])('who waits no longer is let go (terminal: %s)', async (isTTY) => {
  const { reader } = setup(isTTY)
  const leave = new AbortController()
  const message = reader.read('› ', leave.signal)
  leave.abort(new Error('gone'))
  await expect(message).rejects.toThrow('gone')
})

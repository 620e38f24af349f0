/** `lumos top` in a real terminal, beside a real node that is killed and comes back. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createLumos } from '../support/lumos.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { createTmux, hasTmux, type Tmux } from '../support/tmux.ts'

const BIN = join(import.meta.dirname, '../../bin/lumos.cjs')
/** The last line of a frame, when all is well. */
const HINTS = /\? help {2}tab pane/
const START = ['daemon', '--name', 'amber-otter', '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']

async function setup() {
  const home = await temporaryDirectory()
  const lumos = createLumos({ home })
  await lumos.daemon(START)
  onTestFinished(() => lumos.kill())
  const tmux = await createTmux(home, lumos.env)
  onTestFinished(() => tmux.close())
  return { lumos, tmux }
}

async function start(tmux: Tmux): Promise<void> {
  await tmux.type(`clear; ${process.execPath} ${BIN} top`)
  await tmux.press('Enter')
  await seen(tmux, HINTS)
}

function seen(tmux: Tmux, pattern: RegExp) {
  return expect.poll(async () => (await tmux.lines()).join('\n')).toMatch(pattern)
}

/** The shell has its terminal back, and was told so by this exit code. */
async function left(tmux: Tmux, code: number): Promise<void> {
  await expect.poll(() => tmux.ask('alternate_on')).toBe('0')
  await tmux.type('echo left with $?')
  await tmux.press('Enter')
  await seen(tmux, new RegExp(`^left with ${code}$`, 'm'))
}

test('it follows keys, sizes and its node, and gives the terminal back', async ({ skip }) => {
  if (!hasTmux()) skip('tmux is not installed')
  const { lumos, tmux } = await setup()
  await start(tmux)
  expect(await tmux.ask('alternate_on')).toBe('1')
  expect(await tmux.ask('cursor_flag')).toBe('0')
  await seen(tmux, /^lumos top · amber-otter · swarm home · up .* every 1s\n/)

  await lumos.run(['run', 'echo', 'hello from 琥珀水獭'])
  await tmux.press('t')
  await seen(tmux, /▸ …\w{8} {2}completed {2}echo .* hello/)

  await tmux.resize(40, 10)
  await seen(tmux, /^amber-otter · up \S+ +every 1s\n/)
  expect((await tmux.lines()).filter((line) => line !== '').length).toBeLessThanOrEqual(10)
  await tmux.resize(120, 30)
  await seen(tmux, /INPUT\n▸ .* hello from 琥珀水獭\n/)

  await lumos.kill('SIGKILL')
  await seen(tmux, /lost \d[\s\S]*▸ .* hello from 琥珀水獭\n[\s\S]*lost the node: .*; trying again/)
  await lumos.daemon(START)
  await seen(tmux, /every 1s\n[\s\S]*\? help {2}tab pane/)

  await tmux.press('C-z')
  await seen(tmux, /Stopped/)
  expect(await tmux.ask('alternate_on')).toBe('0')
  await tmux.type('fg')
  await tmux.press('Enter')
  await seen(tmux, HINTS)
  await tmux.press('q')
  await left(tmux, 0)
  expect([await tmux.ask('alternate_on'), await tmux.ask('cursor_flag')]).toEqual(['0', '1'])

  await start(tmux)
  const shell = await tmux.ask('pane_pid')
  const children = await readFile(`/proc/${shell}/task/${shell}/children`, 'utf8')
  process.kill(Number(children.trim()), 'SIGTERM')
  await left(tmux, 143)
  expect(await tmux.ask('cursor_flag')).toBe('1')
})

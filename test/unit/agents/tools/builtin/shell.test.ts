/** Programs of this machine, really run: which, where, with what, and that nothing of them stays. */
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createShellTool } from '../../../../../agents/tools/builtin/shell/shell-tool.ts'
import type { ShellInit } from '../../../../../agents/tools/builtin/shell/shell-tool.ts'
import type { Clock } from '../../../../../core/clock.ts'
import { systemClock } from '../../../../../core/clock.ts'
import { LIMITS } from '../../../../../core/limits.ts'
import { temporaryDirectory } from '../../../../support/temporary-directory.ts'
import { toolContext } from '../../../../support/tool-context.ts'

interface Setup extends Partial<ShellInit> {
  readonly clock?: Pick<Clock, 'sleep' | 'timeout'>
}

interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly truncated?: boolean
}

async function setup({ clock = systemClock, ...init }: Setup = {}) {
  const folder = await temporaryDirectory()
  const [root, outside] = [join(folder, 'work'), join(folder, 'outside')]
  await mkdir(join(root, 'inner'), { recursive: true })
  await mkdir(outside)
  const shell = createShellTool(
    { clock },
    {
      programs: ['sh', 'cat', 'pwd', 'env', 'echo', 'yes', process.execPath],
      roots: [root],
      timeMs: 10_000,
      environment: {},
      ...init
    }
  )
  if (shell === undefined) throw new TypeError('no shell')
  const run = async (argv: string[], more: object = {}, signal?: AbortSignal): Promise<Result> => {
    const context = toolContext(signal && { signal })
    return (await shell.execute(await shell.parse({ argv, ...more }), context)) as object as Result
  }
  return { root, outside, shell, run }
}

/** Whether the process is alive; a zombie, which nobody has fetched yet, is not. */
async function lives(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return status !== '' && !/\) [ZX] /.test(status)
}

async function gone(pid: number): Promise<void> {
  while (await lives(pid)) await new Promise((resolve) => void setImmediate(resolve))
}

test('without programs or folders there is none', async () => {
  const init = { programs: ['sh'], roots: ['/tmp'], timeMs: 1, environment: {} }
  expect(createShellTool({ clock: systemClock }, { ...init, programs: [] })).toBeUndefined()
  expect(createShellTool({ clock: systemClock }, { ...init, roots: [] })).toBeUndefined()
})

test('a program is run, with its output, its errors and its code', async () => {
  const { run, root } = await setup()
  expect(await run(['sh', '-c', 'echo out; echo err >&2; exit 3'])).toEqual({
    code: 3,
    stdout: 'out\n',
    stderr: 'err\n'
  })
  expect(await run(['cat'], { stdin: 'ä' })).toMatchObject({ code: 0, stdout: 'ä' })
  expect((await run(['pwd'])).stdout.trim()).toBe(root)
  expect((await run(['pwd'], { directory: 'inner' })).stdout.trim()).toBe(join(root, 'inner'))
})

test('no shell reads the arguments', async () => {
  const { run } = await setup()
  const nasty = ['$(id)', '`id`', '; id', '| id', '> x', '*', '$HOME', '&& id', '\'"\\', '\n']
  expect((await run(['echo', ...nasty])).stdout).toBe(`${nasty.join(' ')}\n`)
})

test.for([[['id']], [['/bin/id']], [['../bin/sh']], [['sh ']], [['']], [['cat', 'a\0b']]] as const)(
  'what is not allowed is not run: %j',
  async ([argv]) => {
    const { run } = await setup()
    await expect(run([...argv])).rejects.toMatchObject({ code: 'TOOL_INPUT' })
  }
)

test('a task cannot bring its own program', async () => {
  const { run, root } = await setup()
  await writeFile(join(root, 'cat'), '#!/bin/sh\necho fake\n', { mode: 0o755 })
  expect(await run(['cat'], { stdin: 'real' })).toMatchObject({ stdout: 'real' })
  const { run: runMissing } = await setup({ programs: ['no-such-program'] })
  await expect(runMissing(['no-such-program'])).rejects.toThrow('not installed')
})

test('it works below its folders only', async () => {
  const { run, root, outside } = await setup()
  await symlink(outside, join(root, 'out'))
  for (const directory of ['..', '/', 'out', '../outside', '.git']) {
    await expect(run(['pwd'], { directory })).rejects.toMatchObject({ code: 'PATH_DENIED' })
  }
  await expect(run(['pwd'], { directory: 'nowhere' })).rejects.toThrow('no folder')
})

test('nothing of the variables of this process is told', async () => {
  process.env['LUMOS_TEST_SECRET'] = 'canary'
  onTestFinished(() => void delete process.env['LUMOS_TEST_SECRET'])
  const { run, root } = await setup({ environment: { EXTRA: '1' } })
  const names = (await run(['env'])).stdout.split('\n').map((line) => line.split('=')[0])
  expect(new Set(names)).toEqual(new Set(['EXTRA', 'HOME', 'LANG', 'PATH', 'TERM', '']))
  expect((await run(['sh', '-c', 'echo $HOME'])).stdout.trim()).toBe(root)
})

test('output without end is cut, and its program ended in time', async () => {
  const late = new AbortController()
  const { run } = await setup({ clock: { ...systemClock, timeout: () => late.signal } })
  const { stdout, truncated } = await run(['sh', '-c', 'yes | head -c 10000000; echo end >&2'])
  expect(truncated).toBe(true)
  expect(stdout.length).toBe(LIMITS.shellOutput.value)
  const endless = run(['yes']).catch((error: Error) => error.message)
  setImmediate(() => late.abort())
  expect(await endless).toContain('it takes longer than 10 s')
})

/** Starts a child and a grandchild that would run for minutes, and tells their ids. */
const FAMILY = 'sleep 300 & echo $!; sh -c "sleep 300 & echo \\$!; wait" & echo $!'

test.skipIf(process.platform !== 'linux')(
  'children and grandchildren end with a command that is given up',
  async () => {
    const { run, root } = await setup()
    const cancelled = new AbortController()
    const work = run(['sh', '-c', `(${FAMILY}) > pids; wait; sleep 300`], {}, cancelled.signal)
    const ended = work.catch((error: unknown) => error)
    let pids: number[] = []
    while (pids.length < 3) {
      const text = await readFile(join(root, 'pids'), 'utf8').catch(() => '')
      pids = text.split('\n').filter(Boolean).map(Number)
    }
    expect(await Promise.all(pids.map(lives))).toEqual([true, true, true])
    cancelled.abort(new Error('enough'))
    expect(await ended).toEqual(new Error('enough'))
    await Promise.all(pids.map(gone))
  }
)

test.skipIf(process.platform !== 'linux')(
  'what a command leaves in the background does not outlive it, nor hold it up',
  async () => {
    const { run } = await setup()
    const { code, stdout } = await run(['sh', '-c', `${FAMILY}; echo done`])
    expect(code).toBe(0)
    const pids = stdout
      .split('\n')
      .filter((line) => /^\d+$/.test(line))
      .map(Number)
    expect(pids.length).toBeGreaterThanOrEqual(2)
    await Promise.all(pids.map(gone))
  }
)

test.skipIf(process.platform !== 'linux')(
  'what has left the group is out of reach, but does not hold up the result',
  async () => {
    const { run } = await setup({ programs: ['sh'] })
    const { stdout } = await run(['sh', '-c', 'setsid sleep 2 & echo said'])
    expect(stdout).toBe('said\n')
  }
)

test('too many arguments, and too long ones, are refused', async () => {
  const { run } = await setup()
  const many = Array.from({ length: LIMITS.shellArguments.value }, () => 'x')
  await expect(run(['echo', ...many])).rejects.toMatchObject({ code: 'TOOL_INPUT' })
  await expect(run(['cat'], { stdin: 'x'.repeat(LIMITS.shellInput.value + 1) })).rejects.toThrow(
    /at most/
  )
})

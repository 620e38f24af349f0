/** The completion scripts in the shells that they are for. */
import { describe, expect, test } from 'vitest'
import { completing, hasShell, SHELLS } from '../support/completing-shells.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  'lumos st': ['status'],
  'lumos -P two peers p': ['ping'],
  'lumos peers ping ': ['amber-otter', 'bold-heron'],
  'lumos peers ping b': ['bold-heron'],
  'lumos run ec': ['echo', 'echo.say'],
  'lumos run --t': ['--take', '--task-id', '--timeout', '--to'],
  'lumos run --to a': ['amber-otter'],
  'lumos run --to amber-otter e': ['echo', 'echo.say'],
  'lumos run echo hello --ta': ['--take', '--task-id'],
  'lumos tasks ls --st': ['--state'],
  'lumos tasks show 7': ['7f3a9c1e'],
  'lumos spaces grant team b': ['bold-heron'],
  'lumos logs --component d': ['discovery'],
  'lumos run echo peers pi': [],
  'lumos help ex': ['explain'],
  'lumos explain U': ['USAGE']
}

describe.for(SHELLS)('%s', (shell) => {
  test('offers what may come next, and nothing else', async ({ skip }) => {
    if (!hasShell(shell)) skip(`${shell} is not installed`)
    const complete = await completing(shell, await temporaryDirectory())
    const offered = Object.keys(EXPECTED).map((line) => [line, complete(line).toSorted()])
    expect(Object.fromEntries(offered)).toEqual(EXPECTED)
    expect(complete('lumos ')).toEqual(expect.arrayContaining(['up', 'run', 'peers', 'help']))
    expect(complete('lumos ')).not.toContain('__complete')
  })
})

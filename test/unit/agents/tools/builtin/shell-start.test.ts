/** A program that the system has no file descriptors for: Node gives such a child no streams. */
import { ChildProcess } from 'node:child_process'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { runCommand } from '../../../../../agents/tools/builtin/shell/process-group.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'

/** As Node's own does when there are no descriptors left. */
beforeEach(() => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types keep to themselves what `spawn` calls
  const starting = ChildProcess.prototype as ChildProcess & { spawn(options: object): number }
  vi.spyOn(starting, 'spawn').mockImplementation(function (this: ChildProcess) {
    process.nextTick(() => this.emit('error', new Error('spawn /bin/true EMFILE')))
    return -24
  })
})

afterEach(() => {
  vi.restoreAllMocks()
})

const COMMAND = {
  program: '/bin/true',
  args: [],
  directory: '/',
  environment: {},
  input: 'read me',
  most: 1
}

test('a program that cannot be started fails with what the system says', async () => {
  const { signal } = new AbortController()
  const clock = new ManualClock()
  await expect(runCommand(clock, COMMAND, signal)).rejects.toThrow('spawn /bin/true EMFILE')
  expect(clock.pending).toBe(0)
})

test('a program whose start fails after it was cancelled ends as quietly', async () => {
  const controller = new AbortController()
  const running = runCommand(new ManualClock(), COMMAND, controller.signal)
  controller.abort(new Error('no more'))
  await expect(running).rejects.toThrow('EMFILE')
})

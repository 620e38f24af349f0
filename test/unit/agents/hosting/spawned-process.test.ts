/** A host process that the system has no file descriptors for: Node gives such a child no streams. */
import { ChildProcess } from 'node:child_process'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startHostProcess } from '../../../../agents/hosting/spawned-process.ts'

/** As Node's own does when there are no descriptors left. */
beforeEach(() => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types keep to themselves what `spawn` calls
  const starting = ChildProcess.prototype as ChildProcess & { spawn(options: object): number }
  vi.spyOn(starting, 'spawn').mockImplementation(function (this: ChildProcess) {
    process.nextTick(() => this.emit('error', new Error('spawn node EMFILE')))
    return -24
  })
})

afterEach(() => {
  vi.restoreAllMocks()
})

test.for(['stdio', 'fd3'] as const)(
  'a process on %s that cannot be started is told to be gone, and takes nobody along',
  async (channel) => {
    const gone = Promise.withResolvers<string>()
    const launch = { command: 'node', args: [], cwd: '/', env: {}, channel }
    const events = { line: vi.fn(), printed: vi.fn(), gone: gone.resolve }
    const child = startHostProcess(launch, events)
    expect(child.pid).toBeUndefined()
    expect(child.send('hello')).toBeUndefined()
    child.endInput()
    child.read(false)
    child.kill('SIGKILL')
    expect(await gone.promise).toBe('it cannot be started: spawn node EMFILE')
    await child.room()
    expect(child.residentBytes()).toBeUndefined()
  }
)

/** A program of MCP that the system has no file descriptors for: Node gives such a child no streams. */
import { ChildProcess } from 'node:child_process'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { reached, superviseProgram } from '../../../support/mcp-client.ts'

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

test('a program that cannot be started waits for its next try, and takes nobody along', async () => {
  const { server } = superviseProgram({ command: 'node' })
  await server.start()
  await reached(server, 'waiting')
  expect(server.status().reason).toBe('spawn node EMFILE')
})

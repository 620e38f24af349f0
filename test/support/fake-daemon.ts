/** The daemon's program around a node that does nothing but what LUMOS_TEST_FAULT says. */
import { setTimeout as delay } from 'node:timers/promises'
import { toLumosError } from '../../core/errors.ts'
import type { CreateNode } from '../../node/daemon/daemon.ts'
import { main } from '../../node/program.ts'
import { fakeOperations } from './control-operations.ts'

const fault = process.env['LUMOS_TEST_FAULT']

/** Longer than any test waits. */
const HANG_MS = 60_000

const createNode: CreateNode = async (_, { values, logs, logLevels, requestStop }) => ({
  operations: fakeOperations({
    config: async () => ({ v: 1, values }),
    logs,
    logLevels,
    stop: async () => {
      requestStop()
      return { v: 1, pid: process.pid }
    }
  }),
  identity: () => ({ peerId: '12D3KooWFake', name: 'amber-otter', addresses: [] }),
  async start() {
    if (fault === 'start') throw new Error('the key is broken')
    if (fault === 'slow-start') {
      // The test waits for this line.
      process.stdout.write('starting\n')
      await delay(500)
    }
    if (fault === 'exception') setImmediate(throwLate)
    if (fault === 'rejection') setImmediate(() => void Promise.reject(new Error('nobody awaits')))
    if (fault === 'broken-link') {
      setImmediate(() => void Promise.reject(new DOMException('gone', 'AbortError')))
    }
  },
  async stop() {
    if (fault === 'hang') await delay(HANG_MS)
  }
})

function throwLate(): never {
  throw new Error('nobody catches')
}

process.exitCode = await main(process.argv.slice(2), createNode).catch((error: unknown) => {
  const failure = toLumosError(error)
  process.stderr.write(`${failure.code}: ${failure.message}\n`)
  return 1
})
// As the command line does: a hanging part must not keep a process that has ended in order.
process.exit()

/** A node whose agents leave traces, started as a process by the kill rounds: `node reliable-worker.ts HOME RUNTIME EFFECTS`. */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { createNode, defineAgent } from '../../index.ts'

const [, , home = '', runtimeDirectory = '', effects = ''] = process.argv

/** Of the stream that every task tells. */
const PIECES = 10
const PAUSE_MS = 15

const skill = (id: string) => [{ id, name: id, description: id, tags: ['test'] }]

/** May be done again: streams its pieces. */
const steps = defineAgent({
  id: 'steps',
  description: 'counts',
  skills: skill('steps'),
  idempotent: true,
  async *run({ signal }) {
    for (let piece = 1; piece <= PIECES; piece += 1) {
      await delay(PAUSE_MS, undefined, { signal })
      yield `${piece} `
    }
  }
})

/** Must not be done twice: writes its task's id to a file, on disk before it goes on. */
const once = defineAgent({
  id: 'once',
  description: 'leaves a trace',
  skills: skill('once'),
  async *run({ taskId, signal }) {
    await delay(PAUSE_MS, undefined, { signal })
    const file = openSync(effects, 'a')
    writeSync(file, `${taskId}\n`)
    fsyncSync(file)
    closeSync(file)
    await delay(PAUSE_MS, undefined, { signal })
    yield 'done'
  }
})

const node = await createNode({
  home,
  runtimeDirectory,
  name: 'worker',
  listen: ['/ip4/127.0.0.1/tcp/0'],
  discovery: { mdns: false },
  agents: [steps, once],
  builtin: { enabled: [], concurrency: 64 }
})
await node.start()
process.stdout.write('ready\n')

/**
 * A node with agents of every kind of harm and pace, as a process:
 * `node worker.ts HOME RUNTIME EFFECTS NAME SOCKET ADDRESS`. It is reached through the link at ADDRESS only.
 */
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { createNode, defineAgent } from '../../../index.ts'
import { PACE } from './pace.ts'

const [, , home = '', runtimeDirectory = '', effects = ''] = process.argv
const [name = '', socket = '', address = ''] = process.argv.slice(5)

const skill = (id: string) => [{ id, name: id, description: id, tags: ['test'] }]

const quick = defineAgent({
  id: 'quick',
  description: 'answers at once',
  skills: skill('quick'),
  idempotent: true,
  async *run({ text, signal }) {
    await delay(PACE.quick.pauseMs, undefined, { signal })
    yield text
  }
})

/** Silent until it is done. */
const slow = defineAgent({
  id: 'slow',
  description: 'answers after a while',
  skills: skill('slow'),
  idempotent: true,
  async *run({ text, signal }) {
    await delay(PACE.slow.pauseMs, undefined, { signal })
    yield text
  }
})

const stream = defineAgent({
  id: 'stream',
  description: 'counts',
  skills: skill('stream'),
  idempotent: true,
  async *run({ signal }) {
    for (let piece = 0; piece < PACE.stream.pieces; piece += 1) {
      await delay(PACE.stream.pauseMs, undefined, { signal })
      yield `${piece} `
    }
  }
})

/** Must not be done twice: writes its task's id to a file, on disk before it goes on. */
const once = defineAgent({
  id: 'once',
  description: 'leaves a trace',
  skills: skill('once'),
  async *run({ taskId, text, signal }) {
    await delay(PACE.once.pauseMs, undefined, { signal })
    const file = openSync(effects, 'a')
    writeSync(file, `${taskId}\n`)
    fsyncSync(file)
    closeSync(file)
    yield text
  }
})

// Left by the process before it, if that was killed.
rmSync(socket, { force: true })
const node = await createNode({
  home,
  runtimeDirectory,
  name,
  listen: [`/unix/${encodeURIComponent(socket)}`],
  announce: [address],
  discovery: { mdns: false },
  agents: [quick, slow, stream, once],
  builtin: { enabled: [], concurrency: PACE.places }
})
await node.start()
process.stdout.write('ready\n')

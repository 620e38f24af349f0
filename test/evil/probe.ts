/** Loaded into the victim before the node itself: tells over a socket how long its event loop stood still. */
import { createServer } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

export const PROBE_VARIABLE = 'LUMOS_EVIL_PROBE'

export interface Feeling {
  /** Longest time the event loop stood still since the last question, milliseconds. */
  readonly gapMs: number
  readonly rssBytes: number
}

const path = process.env[PROBE_VARIABLE]
if (path !== undefined && isMainThread) {
  // Children of the node are not watched.
  Reflect.deleteProperty(process.env, PROBE_VARIABLE)
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  const server = createServer((socket) => {
    const feeling: Feeling = { gapMs: delay.max / 1e6, rssBytes: process.memoryUsage().rss }
    delay.reset()
    socket.on('error', () => socket.destroy())
    socket.end(JSON.stringify(feeling))
  })
  server.listen(path)
  server.unref()
}

/**
 * The thread in which searching happens. Building the index of 100,000 records takes seconds of
 * CPU, and a question with a common word a tenth of one (measured: bench/memory-search.ts): the
 * node's own event loop would keep its peers waiting so long.
 */
import { parentPort } from 'node:worker_threads'
import type { SearchReply, SearchRequest } from './search-worker.ts'
import { createSearchDesk } from './search-desk.ts'

const desk = createSearchDesk()

parentPort?.on('message', ({ id, task, space, ask }: SearchRequest) => {
  let reply: SearchReply
  try {
    reply = { id, answer: desk.work(task, space, ask) }
  } catch (error) {
    reply = { id, error: String(error) }
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  parentPort?.postMessage(reply)
})

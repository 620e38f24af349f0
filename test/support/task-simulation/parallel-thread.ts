/** One thread of parallel.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Share } from './parallel.ts'
import { firstFailure } from './run.ts'

const { name, seeds } = workerData as Share
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage(await firstFailure(name, seeds))

/** Ends this process when its node is gone, even while people's code keeps its thread busy. */
import { Worker } from 'node:worker_threads'

/** A second thread that looks who its parent is; SIGKILL needs nobody to listen. */
const WATCH = `
  const { workerData } = require('node:worker_threads')
  setInterval(() => {
    if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL')
  }, 1000)
`

export function watchForOrphanhood(): void {
  const watcher = new Worker(WATCH, {
    eval: true,
    workerData: process.ppid,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 }
  })
  watcher.unref()
}

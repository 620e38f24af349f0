/** Notices that the reader of stdout has gone: a pipe tells only who writes, and a quiet log does not. */
import { spawn } from 'node:child_process'
import { fstatSync } from 'node:fs'

const STDOUT = 1

/**
 * Calls `onGone` when nobody reads the pipe any more (`lumos logs -f | head -1`). Node has no
 * poll(2); GNU tail ends by SIGPIPE when its own stdout, which is ours, is broken, and without one
 * the next line that is written tells.
 */
export function watchReader(onGone: () => void): void {
  if (!fstatSync(STDOUT).isFIFO()) return
  const argv = ['-f', '/dev/null', `--pid=${process.pid}`]
  const child = spawn('tail', argv, { stdio: ['ignore', 'inherit', 'ignore'] })
  child.unref()
  child.on('error', () => {})
  child.on('exit', (_, signal) => {
    if (signal === 'SIGPIPE') onGone()
  })
  process.once('exit', () => child.kill())
}

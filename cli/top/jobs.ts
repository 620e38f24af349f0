/** Job control of this process: being stopped and continued like any other program of a terminal. */
import type { Jobs } from './screen.ts'

/** Of the whole job: under npm the shell waits for npm, not for us. */
const OWN_GROUP = 0

export const processJobs: Jobs = {
  on(event, handler) {
    process.on(event, handler)
    return () => process.off(event, handler)
  },
  stop: () => process.kill(OWN_GROUP, 'SIGTSTP')
}

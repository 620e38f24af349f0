/** A process that takes the lock of a profile, says how that went, and holds it until it is killed. */
import { beginRun } from '../../node/daemon/run-file.ts'
import { lockProfile } from '../../node/daemon/profile-lock.ts'
import { systemClock } from '../../core/clock.ts'
import { toLumosError } from '../../core/errors.ts'

const [, , state = ''] = process.argv
const paths = { profile: 'default', state, run: `${state}/run.json` }
// The clock's timers keep no process alive.
process.stdin.resume()
try {
  await lockProfile({ clock: systemClock }, paths)
  beginRun(
    { clock: systemClock },
    { path: paths.run, pid: process.pid, socket: '', version: '0.0.0' }
  )
  process.stdout.write('owner\n')
} catch (error) {
  const { code, details } = toLumosError(error)
  process.stdout.write(`${code} ${details['pid']}\n`)
  process.exit()
}

/** A disk that can be filled: a file system of its own, where mounting is allowed. */
import { execFileSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryDirectory } from './temporary-directory.ts'

/** Its folder; `undefined` where mounting is not allowed. `size` as mount takes it: `48m`. */
export async function smallDisk(size: string): Promise<string | undefined> {
  const path = join(await temporaryDirectory(), 'disk')
  await mkdir(path)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  onTestFinished(() => {
    // Who uses it has files open until it is stopped, which is after this.
    execFileSync('umount', ['--lazy', path])
  })
  return path
}

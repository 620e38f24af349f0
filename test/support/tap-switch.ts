/** A switch of Ethernet frames in a process of its own (tap-switch.py), between devices that it makes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const PROGRAM = join(import.meta.dirname, 'tap-switch.py')

export interface TapSwitch {
  /** What is to become of frames. Resolves to the number of frames lost so far. */
  set(order: object): Promise<number>
  /** The devices go with it. */
  stop(): Promise<void>
}

/**
 * Resolves when the devices are there. The same seed loses frames by the same dice.
 *
 * @param taps - names of devices, of 15 characters at most: the kernel takes no more
 */
export async function startTapSwitch(seed: number, taps: readonly string[]): Promise<TapSwitch> {
  const child = spawn('python3', [PROGRAM, String(seed), ...taps], {
    stdio: ['pipe', 'pipe', 'inherit']
  })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  async function answer(): Promise<string> {
    const { value } = await answers.next()
    if (value === undefined) throw new Error('the switch ended')
    return value
  }
  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.stdin.end()
    await gone
  }
  try {
    await answer()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    async set(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`)
      return Number(await answer())
    },
    stop
  }
}

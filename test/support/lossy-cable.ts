/** A cable between two network namespaces that delays, loses and cuts frames, in each direction as the test says. */
import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { ip, layCable, whyNoNamespaces } from './network-namespaces.ts'
import type { Cable } from './network-namespaces.ts'
import { startTapSwitch } from './tap-switch.ts'

/** How frames fare in one direction; what is not named stays as it was. */
export interface Conditions {
  /** Seconds. */
  readonly delay?: number
  /** Share of the frames. */
  readonly loss?: number
  readonly cut?: boolean
}

export interface LossyCable extends Cable {
  /** For the frames that leave an end, 0 or 1; without one, for both. Resolves to the number of frames lost so far. */
  set(conditions: Conditions, from?: 0 | 1): Promise<number>
}

let cables = 0

/** Why there can be no such cable here; `undefined` when there can. */
export function whyNoLossyCable(): string | undefined {
  const reason = whyNoNamespaces()
  if (reason !== undefined) return reason
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK)
    execFileSync('python3', ['--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return '/dev/net/tun or python3 is missing'
  }
}

/** The same seed loses frames by the same dice. */
export async function layLossyCable(seed: number): Promise<LossyCable> {
  cables += 1
  // The kernel takes 15 characters.
  const taps = ['a', 'b'].map((end) => `lum${process.pid}${end}${cables}`)
  const tapSwitch = await startTapSwitch(seed, taps)
  try {
    const cable = await layCable(async (ends) => {
      for (const [index, end] of ends.entries()) {
        await ip('link', 'set', taps[index] ?? '', 'netns', end, 'name', 'eth0')
      }
    })
    return {
      ...cable,
      async set(conditions, end) {
        let lost = 0
        for (const from of end === undefined ? [0, 1] : [end]) {
          lost = await tapSwitch.set({ from, ...conditions })
        }
        return lost
      },
      async remove() {
        await tapSwitch.stop()
        await cable.remove()
      }
    }
  } catch (error) {
    await tapSwitch.stop()
    throw error
  }
}

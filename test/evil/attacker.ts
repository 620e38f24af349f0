/** The process of the attackers as the suite sees it: one attack after the other, and another process when it is lost. */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { kill } from '../support/child-process.ts'
import type { AttackReport, Target } from './attack.ts'
import type { AttackOrder } from './attacker-process.ts'

/** The longest attack, twice, and its process may be busy with what it began. */
const PATIENCE_MS = 50_000

export interface Attacker {
  /** Never fails: what it cannot tell of is a success of the attacker. */
  carryOut(name: string): Promise<AttackReport>
  stop(): Promise<void>
}

export async function startAttacker(target: Target): Promise<Attacker> {
  let child: Promise<ChildProcess> | undefined

  async function reportOf(name: string): Promise<AttackReport> {
    child ??= startProcess()
    const running = await child
    const order: AttackOrder = { target, name }
    running.send(order)
    const signal = AbortSignal.timeout(PATIENCE_MS)
    for (;;) {
      // Of an attack before, whose test has given up.
      const [report]: (AttackReport & { name: string })[] = await Promise.race([
        once(running, 'message', { signal }),
        once(running, 'exit', { signal }).then(() => {
          throw new Error('its process ended')
        })
      ])
      if (report?.name === name) return report
    }
  }

  async function stop(): Promise<void> {
    const running = child
    child = undefined
    await kill(await running)
  }

  child = startProcess()
  await child
  return {
    stop,
    async carryOut(name) {
      try {
        return await reportOf(name)
      } catch (error) {
        await stop()
        return { met: '', accused: [], success: `no report: ${String(error)}` }
      }
    }
  }
}

async function startProcess(): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'attacker-process.ts'), { stdio: 'ignore' })
  await once(child, 'message')
  return child
}

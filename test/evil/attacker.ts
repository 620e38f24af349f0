/** The process of the attackers as the suite sees it: one attack after the other, and another process when it is lost. */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { unlessAborted } from '../../core/unless-aborted.ts'
import { kill } from '../support/child-process.ts'
import type { AttackReport, Target } from './attack.ts'
import type { AttackerMessage, AttackOrder } from './attacker-process.ts'

/** The longest attack, twice, and its process may be busy with what it began. */
const PATIENCE_MS = 50_000

export interface Attacker {
  /** Never fails: what it cannot tell of is a success of the attacker. */
  carryOut(name: string, target: Target): Promise<AttackReport>
  /** Resolves when nothing of the attack before is left in the attackers' process. */
  gone(): Promise<void>
  stop(): Promise<void>
}

export async function startAttacker(): Promise<Attacker> {
  let child: Promise<ChildProcess> | undefined
  let gone: Promise<unknown> = Promise.resolve()

  async function reportOf(order: AttackOrder): Promise<AttackReport> {
    child ??= startProcess()
    const running = await child
    const report = message(running, isReportOf(order.name))
    // Both may come at once. Nobody may ask for it.
    gone = message(running, isEndOf(order.name)).catch(() => stop())
    running.send(order)
    return await report
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
    gone: async () => void (await gone),
    async carryOut(name, target) {
      try {
        return await reportOf({ name, target })
      } catch (error) {
        await stop()
        return { met: '', accused: [], success: `no report: ${String(error)}` }
      }
    }
  }
}

type Report = Extract<AttackerMessage, AttackReport>
type End = Exclude<AttackerMessage, AttackReport>

function isReportOf(name: string): Told<Report> {
  return (told): told is Report => 'met' in told && told.name === name
}

function isEndOf(name: string): Told<End> {
  return (told): told is End => 'left' in told && told.left === name
}

type Told<Message extends AttackerMessage> = (told: AttackerMessage) => told is Message

/** The next message of that kind: those of an attack before, whose test has given up, are passed over. */
async function message<Message extends AttackerMessage>(
  child: ChildProcess,
  isIt: Told<Message>
): Promise<Message> {
  const come = Promise.withResolvers<Message>()
  const onMessage = (told: AttackerMessage): void => {
    if (isIt(told)) come.resolve(told)
  }
  const onExit = (): void => come.reject(new Error('its process ended'))
  child.on('message', onMessage).once('exit', onExit)
  try {
    return await unlessAborted(come.promise, AbortSignal.timeout(PATIENCE_MS))
  } finally {
    child.off('message', onMessage).off('exit', onExit)
  }
}

async function startProcess(): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'attacker-process.ts'), { stdio: 'ignore' })
  await once(child, 'message')
  return child
}

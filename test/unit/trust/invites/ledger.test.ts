import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { silentLogger } from '../../../../core/logger.ts'
import { Secret } from '../../../../core/secret.ts'
import { keysOf, proveInvite } from '../../../../trust/invites/invite.ts'
import { invitesFile, openInviteLedger } from '../../../../trust/invites/ledger.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const MEETING = {
  inviter: '12D3KooWInviter',
  joiner: '12D3KooWJoiner',
  standing: 'unknown'
} as const

async function setup() {
  const clock = new ManualClock()
  const dataDirectory = await temporaryDirectory()
  const open = () =>
    openInviteLedger({ clock, logger: silentLogger }, { dataDirectory, swarm: 'home' })
  const ledger = await open()
  const give = async (number: number) => {
    const keys = keysOf(new Secret(new Uint8Array(16).fill(number)))
    await ledger.add(keys, { role: 'member', expiresAt: DAY_MS, uses: 1 })
    return { ...keys, words: proveInvite(keys.proof, MEETING) }
  }
  /** Nothing can be written where a folder is. */
  const path = join(dataDirectory, invitesFile('home'))
  const breakDisk = async (): Promise<void> => {
    await rm(path)
    await mkdir(path)
  }
  const mendDisk = () => rm(path, { recursive: true })
  return { clock, ledger, open, give, breakDisk, mendDisk }
}

test('who comes by an invite that was taken back is told so, also after a restart', async () => {
  const { clock, ledger, open, give } = await setup()
  const { id, door, words } = await give(1)
  expect(await ledger.withdraw(id)).toBe(true)
  expect(await ledger.withdraw(id)).toBe(false)
  for (const each of [ledger, await open()]) {
    expect(each.list()).toEqual([])
    expect(each.doors()).toEqual([Buffer.from(door)])
    await expect(each.use(id, MEETING, words)).rejects.toMatchObject({ code: 'INVITE_WITHDRAWN' })
  }
  await clock.advance(2 * DAY_MS + 1)
  expect(ledger.doors()).toEqual([])
})

test('what was taken back makes room for a new one', async () => {
  const { ledger, give } = await setup()
  const [first] = [await give(0)]
  for (let number = 1; number < LIMITS.invitesOpen.value; number += 1) await give(number)
  await expect(give(200)).rejects.toMatchObject({ code: 'INVITES_FULL' })
  await ledger.withdraw(first.id)
  await give(200)
  expect(ledger.list()).toHaveLength(LIMITS.invitesOpen.value)
})

test('who comes again after a use that could not be written waits until it is', async () => {
  const { ledger, open, give, breakDisk, mendDisk } = await setup()
  const { id, words } = await give(1)
  await breakDisk()
  await expect(ledger.use(id, MEETING, words)).rejects.toThrow('EISDIR')
  await expect(ledger.use(id, MEETING, words)).rejects.toThrow('EISDIR')
  await mendDisk()
  await ledger.use(id, MEETING, words)
  expect((await open()).list()).toMatchObject([{ usedBy: [MEETING.joiner] }])
})

test('an invite that could not be written is none', async () => {
  const { ledger, give, breakDisk, mendDisk } = await setup()
  await give(1)
  await breakDisk()
  await expect(give(2)).rejects.toThrow('EISDIR')
  await mendDisk()
  expect(ledger.list()).toHaveLength(1)
})

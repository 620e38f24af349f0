/** Sessions of the dashboard: a code is good once and soon, a session until it is over, and what was served is the built page. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { silentLogger } from '../../../core/logger.ts'
import {
  createDashboardAuthenticator,
  createDashboardDoor
} from '../../../gateway/dashboard/door.ts'
import { createDashboardFiles } from '../../../gateway/dashboard/files.ts'
import { createDashboardSessions } from '../../../gateway/dashboard/sessions.ts'
import type { PublicRequest } from '../../../gateway/http/request.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { seededRandom } from '../../support/random.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

function setup() {
  const clock = new ManualClock()
  const note = vi.fn()
  const sessions = createDashboardSessions({ clock, random: seededRandom(1), audit: { note } })
  return { clock, note, sessions }
}

const REFUSED = { code: 'DASHBOARD_CODE_REFUSED' }

function thrownBy(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    return error
  }
}

test('a code makes one session', () => {
  const { sessions, note } = setup()
  const { code } = sessions.offer()
  const { token } = sessions.exchange(code)
  expect(sessions.verify(token)).toMatchObject({ who: expect.stringMatching(/^dashboard:/) })
  expect(thrownBy(() => sessions.exchange(code))).toMatchObject(REFUSED)
  expect(note.mock.calls.map(([{ allowed }]) => allowed)).toEqual([true, false])
})

test('a code is worth nothing after its time, and so is an unknown one', async () => {
  const { clock, sessions } = setup()
  const { code, lifetimeMs } = sessions.offer()
  await clock.advance(lifetimeMs)
  expect(thrownBy(() => sessions.exchange(code))).toMatchObject(REFUSED)
  expect(thrownBy(() => sessions.exchange(''))).toMatchObject(REFUSED)
})

test('of too many codes the oldest are worth nothing', () => {
  const { sessions } = setup()
  const { code } = sessions.offer()
  for (let more = 0; more < LIMITS.dashboardCodes.value; more += 1) sessions.offer()
  expect(thrownBy(() => sessions.exchange(code))).toMatchObject(REFUSED)
})

test('a session ends with its time, when it is signed out, and when all are', async () => {
  const { clock, sessions } = setup()
  const open = (): string => sessions.exchange(sessions.offer().code).token
  const [timed, left] = [open(), open()]
  sessions.end(left)
  expect(sessions.verify(left)).toBeUndefined()
  await clock.advance(LIMITS.dashboardSession.value)
  expect(sessions.verify(timed)).toBeUndefined()
  const last = open()
  const ended = sessions.verify(last)?.ended
  expect(sessions.endAll()).toBe(1)
  expect(ended?.aborted).toBe(true)
  expect(sessions.verify(last)).toBeUndefined()
})

test('what is answered to a session ends with it, although its token is never shown again', async () => {
  const { clock, sessions } = setup()
  const [timed, left] = [sessions, sessions].map((each) => each.exchange(each.offer().code).token)
  const ended = sessions.verify(timed ?? '')?.ended
  sessions.end(left ?? '')
  await clock.advance(LIMITS.dashboardSession.value)
  expect(ended?.aborted).toBe(true)
  expect(clock.pending).toBe(0)
})

test('of too many sessions the oldest end', () => {
  const { sessions } = setup()
  const { token } = sessions.exchange(sessions.offer().code)
  for (let more = 0; more < LIMITS.dashboardSessions.value; more += 1) {
    sessions.exchange(sessions.offer().code)
  }
  expect(sessions.verify(token)).toBeUndefined()
})

test('a session is the user of this machine, without the rights to give out rights', async () => {
  const { sessions } = setup()
  const { token } = sessions.exchange(sessions.offer().code)
  const authenticator = createDashboardAuthenticator(sessions)
  const show = (authorization?: string) =>
    authenticator.authenticate({ headers: { authorization } } as PublicRequest['incoming'])
  const identity = await show(`Bearer ${token}`)
  expect(identity).toMatchObject({ local: true, ended: { aborted: false } })
  expect(identity?.scopes).not.toContain('agent/offer')
  expect(await show('Bearer lumos_0')).toBeUndefined()
  await expect(show(`Bearer ${token.slice(0, -1)}-`)).rejects.toMatchObject({
    code: 'API_TOKEN_REFUSED'
  })
})

/** What the door answers, as it left. */
async function ask(folder: string, path: string, headers: Record<string, string> = {}) {
  const { sessions } = setup()
  const files = createDashboardFiles({ folder })
  const door = createDashboardDoor({ logger: silentLogger, sessions, files })
  return new Promise<{ status: number; headers: Record<string, unknown>; body: unknown }>(
    (resolve) => {
      let head: [number, Record<string, unknown>] = [0, {}]
      const response = {
        writeHead: (status: number, all: Record<string, unknown>) => (head = [status, all]),
        end: (body: unknown) => resolve({ status: head[0], headers: head[1], body })
      }
      door({ path, method: 'GET', incoming: { headers }, response } as unknown as PublicRequest)
    }
  )
}

async function built(): Promise<string> {
  const folder = await temporaryDirectory()
  await mkdir(join(folder, 'assets'))
  await writeFile(join(folder, 'index.html'), '<!doctype html>')
  await writeFile(join(folder, 'assets/main-AbCd1234.js'), 'x'.repeat(5000))
  await writeFile(join(folder, 'notes.txt'), 'not a part of it')
  return folder
}

test('a file whose name changes with its content is kept, the page is asked for again', async () => {
  const folder = await built()
  const script = await ask(folder, '/dashboard/assets/main-AbCd1234.js', {
    'accept-encoding': 'gzip, br'
  })
  expect(script.status).toBe(200)
  expect(script.headers).toMatchObject({
    'cache-control': expect.stringContaining('immutable'),
    'content-encoding': 'gzip'
  })
  const page = await ask(folder, '/dashboard/')
  expect(page.headers).toMatchObject({
    'cache-control': 'no-cache',
    'content-security-policy': expect.stringContaining("default-src 'none'")
  })
  const again = await ask(folder, '/dashboard/', { 'if-none-match': String(page.headers['etag']) })
  expect(again.status).toBe(304)
})

test.for(['../package.json', '%2e%2e/package.json', 'notes.txt', 'assets', 'nothing.js'])(
  '%s is no file of the dashboard',
  async (path) => {
    expect((await ask(await built(), `/dashboard/${path}`)).status).toBe(404)
  }
)

test('where it is not built it says what to type', async () => {
  const { status, body } = await ask(await temporaryDirectory(), '/dashboard/')
  expect([status, body]).toEqual([503, expect.stringContaining('npm run build')])
})

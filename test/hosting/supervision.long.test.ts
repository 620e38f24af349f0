/** What hosted code can do to itself, and cannot do to its node: real processes that crash, spin and devour. */
import { access, chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { isRunning } from '../../core/process.ts'
import { LIMITS } from '../../core/limits.ts'
import { answer, ask, known, PROJECTS, SOON, startHostingSwarm } from './swarm.ts'
import type { HostingSwarm } from './swarm.ts'

let swarm: HostingSwarm

beforeAll(async () => {
  swarm = await startHostingSwarm()
  await swarm.host(join(PROJECTS, 'plain/tricks.ts'), '--memory', '300')
  await known(swarm.beta, 'shout')
}, 60_000)

afterAll(() => swarm[Symbol.asyncDispose](), 30_000)

/** A program with a child of its own, whose id it tells; it ends with its input. */
async function program(name: string, ...flags: string[]) {
  const script = join(swarm.folder, `${name}.sh`)
  const agents = {
    type: 'agents',
    protocol: 1,
    agents: [{ id: name, description: 'Does nothing.' }]
  }
  const lines = [
    '#!/bin/sh',
    'sleep 1000 &',
    'echo "pid $!" >&2',
    `echo '${JSON.stringify(agents)}'`
  ]
  await writeFile(script, [...lines, 'while read -r line; do :; done', ''].join('\n'))
  await chmod(script, 0o755)
  return swarm.host(script, ...flags)
}

/** What `read` gives once it gives the same ten times. */
async function settled(read: () => Promise<string>): Promise<string> {
  let before: string | undefined
  let same = 0
  const look = async () => {
    const now = await read()
    same = now === before ? same + 1 : 0
    before = now
    expect(same).toBeGreaterThan(10)
    return now
  }
  return vi.waitFor(look, SOON)
}

async function stateOf(name: string) {
  const { host } = await swarm.alpha.client.hosts.show(name)
  return host
}

test('functions of a module are agents: text, pieces, data', async () => {
  expect(await ask(swarm.beta, 'shout', 'hello')).toMatchObject({ text: 'HELLO!' })
  const slow = await ask(swarm.beta, 'slowly', 'one two')
  expect(slow).toMatchObject({ text: 'one two ' })
  expect(await ask(swarm.beta, 'mood', 'how')).toMatchObject({ data: { mood: 'good' } })
})

test('a project sees a bare environment, and what it was given', async () => {
  const { text } = await ask(swarm.beta, 'secrets', 'which')
  const names = text.split(' ')
  expect(names).toEqual(expect.arrayContaining(['LUMOS_SOCKET', 'MODEL_URL', 'PATH']))
  const allowed = ['HOME', 'LANG', 'LC_ALL', 'LUMOS_SOCKET', 'MODEL_URL', 'PATH', 'TMPDIR', 'TZ']
  expect(names.filter((name) => !allowed.includes(name))).toEqual([])
  const { env } = await stateOf('tricks')
  expect(env).toEqual(['MODEL_URL'])
})

test('code that never gives way is killed, and the node answers all the while', async () => {
  const { pid } = await stateOf('tricks')
  const spinning = ask(swarm.beta, 'spin', 'round')
  let slowest = 0
  const over = new AbortController()
  void spinning.finally(() => over.abort())
  while (!over.signal.aborted) {
    const before = performance.now()
    // oxlint-disable-next-line no-await-in-loop -- one question after the other is the point
    await ask(swarm.beta, 'echo', { text: 'still there?', to: 'alpha' })
    slowest = Math.max(slowest, performance.now() - before)
  }
  expect(await spinning).toMatchObject({
    error: { code: 'HOST_DIED', details: { maybeExecuted: true } }
  })
  expect(slowest).toBeLessThan(LIMITS.hostSilence.value / 4)
  await vi.waitFor(
    async () => expect(await stateOf('tricks')).toMatchObject({ state: 'ready' }),
    SOON
  )
  expect((await stateOf('tricks')).pid).not.toBe(pid)
  expect(await ask(swarm.beta, 'shout', 'again')).toMatchObject({ text: 'AGAIN!' })
})

test('a process that devours memory is killed before the machine notices', async () => {
  const story = await ask(swarm.beta, 'devour', 'all')
  expect(story.error).toMatchObject({ code: 'HOST_DIED' })
  await vi.waitFor(
    async () => expect(await stateOf('tricks')).toMatchObject({ state: 'ready' }),
    SOON
  )
})

test('a chatty agent waits until it is read', async () => {
  const folder = await mkdtemp(join(swarm.folder, 'chatter-'))
  const { pid } = await swarm.alpha.client.status()
  const story = ask(swarm.beta, 'chatter', folder)
  await vi.waitFor(() => access(join(folder, 'asked')), SOON)
  // A node that reads nothing at all.
  process.kill(pid, 'SIGSTOP')
  try {
    await writeFile(join(folder, 'begin'), '')
    const handedOver = await settled(() => readFile(join(folder, 'count'), 'utf8'))
    expect(Number(handedOver)).toBeLessThan(100)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  expect(await story).toMatchObject({ state: 'TASK_STATE_COMPLETED', text: 'done' })
})

test('what it prints is in the log of the node, under its name', async () => {
  const waiting = ask(swarm.beta, 'wait', 'a while')
  for await (const line of swarm.alpha.client.logs({ component: 'host.tricks', follow: true })) {
    if (line.message === 'waiting for a cancel') break
  }
  const { tasks } = await swarm.beta.client.tasks({ state: 'TASK_STATE_WORKING' })
  await swarm.beta.client.cancel(tasks[0]?.id ?? '')
  expect((await waiting).state).toBe('TASK_STATE_CANCELED')
})

test('who dies too often is not started again, says why, and comes back when a person says so', async () => {
  await swarm.alpha.client.hosts.restart('tricks')
  for (let death = 0; death <= LIMITS.hostRestarts.value; death++) {
    // oxlint-disable-next-line no-await-in-loop -- one death after the other
    const { error } = await ask(swarm.alpha, 'die', 'now')
    expect(error).toMatchObject({ code: 'HOST_DIED' })
  }
  await vi.waitFor(async () => expect((await stateOf('tricks')).state).toBe('quarantined'), SOON)
  expect(await stateOf('tricks')).toMatchObject({
    reason: expect.stringContaining('SIGKILL'),
    agents: []
  })
  const { code, stdout } = await swarm.alpha.lumos.run(['host', 'show', 'tricks'])
  expect({ code, stdout }).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('quarantined: it ended 4 times')
  })
  await vi.waitFor(async () => {
    const { agents } = await swarm.beta.client.agents()
    expect(agents.map(({ id }) => id)).not.toContain('shout')
  }, SOON)
  await swarm.alpha.client.hosts.restart('tricks')
  await known(swarm.beta, 'shout')
  expect(await ask(swarm.beta, 'shout', 'back')).toMatchObject({ text: 'BACK!' })
})

test('a program in another language is hosted by its lines', async () => {
  await swarm.host(join(PROJECTS, 'programs/upper.py'))
  await known(swarm.beta, 'upper')
  expect(await ask(swarm.beta, 'upper', 'some words')).toMatchObject({ text: 'SOME WORDS ' })
})

test('a shell script is hosted by its lines', async () => {
  await swarm.host(join(PROJECTS, 'programs/count.sh'))
  await known(swarm.beta, 'count')
  expect(await ask(swarm.beta, 'count', 'one two three')).toMatchObject({ text: '3' })
})

test('an agent of our own contract can ask, remember and question from its process', async () => {
  await swarm.host(join(PROJECTS, 'lumos/agents.ts'), '--name', 'own')
  await known(swarm.beta, 'greeter')
  const asked = await ask(swarm.beta, 'greeter', 'please')
  expect(asked.question).toBe('Which name?')
  const story = await answer(swarm.beta, asked.id, 'Ada')
  expect(story.text).toBe('Hello, Ada! (greeted/Ada)')
  expect((await swarm.alpha.client.memory.get('shared', 'greeted/Ada')).value).toBe(true)
})

test('a module that cannot be loaded is refused with the place in its code', async () => {
  const broken = join(swarm.folder, 'broken.ts')
  await writeFile(broken, 'export const agent = 1\nthrow new Error("no key")\n')
  const { code, stderr } = await swarm.alpha.lumos.run(['host', broken])
  expect(code).toBe(1)
  expect(stderr).toContain('no key')
  expect(stderr).toContain('broken.ts:2')
  await writeFile(broken, 'export const agent = 1\n')
  const empty = await swarm.alpha.lumos.run(['host', broken])
  expect(empty.stderr).toContain('no agent is exported')
  const { hosts } = await swarm.alpha.client.hosts.list()
  expect(hosts.map(({ name }) => name)).not.toContain('broken')
})

test('what is removed is gone with its process, and with all that it began', async () => {
  const { pid = 0 } = await program('parent')
  let child = 0
  for await (const { message } of swarm.alpha.client.logs({ component: 'host.parent' })) {
    child = Number(/^pid (\d+)$/.exec(message)?.[1] ?? child)
  }
  expect([pid, child].map(isRunning)).toEqual([true, true])
  const { code } = await swarm.alpha.lumos.run(['host', 'rm', 'parent'])
  expect(code).toBe(0)
  await vi.waitFor(() => expect([pid, child].map(isRunning)).toEqual([false, false]), SOON)
})

test('hosted projects die with a node that is killed, and are back with it, unless hosted once', async () => {
  await program('brief', '--once')
  await program('lasting')
  const before = await swarm.alpha.client.hosts.list()
  const pids = before.hosts.flatMap(({ pid }) => (pid === undefined ? [] : [pid]))
  process.kill((await swarm.alpha.client.status()).pid, 'SIGKILL')
  await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), SOON)
  await swarm.alpha.up()
  const kept = before.hosts.flatMap(({ name }) => (name === 'brief' ? [] : [name]))
  expect(kept).toEqual(expect.arrayContaining(['tricks', 'lasting']))
  await vi.waitFor(async () => {
    const { hosts } = await swarm.alpha.client.hosts.list()
    expect(hosts.map(({ name, state }) => [name, state])).toEqual(
      kept.map((name) => [name, 'ready'])
    )
  }, SOON)
  expect(await ask(swarm.beta, 'shout', 'we are back')).toMatchObject({ text: 'WE ARE BACK!' })
})

/** The node as a service: against programs that answer as systemd's do, and the unit against systemd's own check. */
import { execFile } from 'node:child_process'
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { ControlOperations } from '../../gateway/control/operations.ts'
import { createTestCli } from '../support/cli.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const run = promisify(execFile)

/** As systemctl(1) of a unit that is started and enabled once it was asked for. */
const SYSTEMCTL = `#!/bin/sh
echo "$*" >> "$CALLS"
case "$2" in
show) if [ -e "$ACTIVE" ]; then
  printf 'ActiveState=active\\nSubState=running\\nUnitFileState=enabled\\nMainPID=77\\nNRestarts=3\\nResult=success\\n'
else
  printf 'ActiveState=inactive\\nSubState=dead\\nUnitFileState=\\nMainPID=0\\nNRestarts=0\\nResult=success\\n'
fi ;;
restart) [ -z "$REFUSE" ] || { echo "$REFUSE" >&2; exit 1; }; touch "$ACTIVE" ;;
disable) rm -f "$ACTIVE" ;;
esac
`

async function setup(operations?: Partial<ControlOperations>) {
  const folder = join(await temporaryDirectory(), '日本 語')
  const programs = join(folder, 'bin')
  await mkdir(programs, { recursive: true })
  for (const [name, text] of [
    ['systemctl', SYSTEMCTL],
    ['loginctl', '#!/bin/sh\necho Linger=no\n']
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop -- two small files
    await writeFile(join(programs, name), text)
    // oxlint-disable-next-line no-await-in-loop -- as above
    await chmod(join(programs, name), 0o755)
  }
  const calls = join(folder, 'calls')
  const env = {
    PATH: `${programs}:/usr/bin:/bin`,
    XDG_CONFIG_HOME: join(folder, 'config'),
    CALLS: calls,
    ACTIVE: join(folder, 'active')
  }
  const cli = await createTestCli(operations)
  return {
    unit: join(folder, 'config/systemd/user/lumos.service'),
    run: (words: readonly string[], more: Readonly<Record<string, string>> = {}) =>
      cli.run(['service', ...words], { env: { ...env, ...more } }),
    async calls() {
      const text = await readFile(calls, 'utf8').catch(() => '')
      await writeFile(calls, '')
      const asked = text.split('\n').map((line) => line.replace('--user ', ''))
      return asked.filter((line) => line !== '' && !line.startsWith('show'))
    }
  }
}

test('install writes the unit, starts it, says how to undo it; a second time changes nothing', async () => {
  const service = await setup()
  const first = await service.run(['install'])
  expect(first).toMatchObject({ code: 0, out: 'lumos.service is active (running), pid 77\n' })
  expect(first.err).toContain(`written: ${service.unit}; undo: lumos service uninstall`)
  expect(first.err).toContain('loginctl enable-linger')
  expect((await stat(service.unit)).mode & 0o777).toBe(0o644)
  expect(await service.calls()).toEqual([
    'daemon-reload',
    'enable lumos.service',
    'restart lumos.service'
  ])
  const text = await readFile(service.unit, 'utf8')
  expect((await service.run(['install'])).err).toContain('unchanged: ')
  expect(await service.calls()).not.toContain('restart lumos.service')
  expect(await readFile(service.unit, 'utf8')).toBe(text)
  await service.run(['install', '--name', 'birch'])
  expect(await service.calls()).toContain('restart lumos.service')
})

test('status has the exit codes of health; uninstall takes the unit away, and twice is no failure', async () => {
  const service = await setup()
  expect(await service.run(['status'])).toMatchObject({
    code: 2,
    out: 'there is no lumos.service\n'
  })
  await service.run(['install'])
  const { code, out } = await service.run(['status'])
  expect([code, out]).toEqual([
    0,
    'lumos.service is active (running)   pid 77   enabled   started anew 3 times\n'
  ])
  expect((await service.run(['uninstall'])).out).toBe('lumos.service is stopped and gone\n')
  await expect(stat(service.unit)).rejects.toMatchObject({ code: 'ENOENT' })
  expect(await service.run(['uninstall'])).toMatchObject({
    code: 0,
    out: 'there is no lumos.service\n'
  })
})

test('a node that runs already by hand is not started twice', async () => {
  const service = await setup({})
  const { code, err } = await service.run(['install'])
  expect(code).toBe(1)
  expect(err).toContain('this node runs already, as pid 1')
  expect(err).toContain('lumos down')
  await expect(stat(service.unit)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a start that systemd refuses is told in its words, with where to look', async () => {
  const service = await setup()
  const { code, err } = await service.run(['install'], { REFUSE: 'Job for lumos.service failed.' })
  expect(code).toBe(1)
  expect(err).toContain('Job for lumos.service failed.')
  expect(err).toContain('lumos service logs')
})

test('systemd itself has nothing to say against the unit', async (context) => {
  const service = await setup()
  await service.run(['install', '--files-root', '/tmp/a%b $c'])
  // It wants a folder of a session, whether or not there is one.
  const runtime = await temporaryDirectory()
  const argv = ['--user', '--man=no', 'verify', service.unit]
  const env = { ...process.env, XDG_RUNTIME_DIR: runtime }
  const checked = await run('systemd-analyze', argv, { env }).catch((error: unknown) => error)
  const isMissing = (checked as { code?: unknown }).code === 'ENOENT'
  context.skip(isMissing, 'systemd is not here')
  expect(checked).toMatchObject({ stdout: '', stderr: '' })
})

import { expect, test } from 'vitest'
import { unitName, unitText } from '../../../cli/service-unit.ts'
import { createTestCli } from '../../support/cli.ts'

const ODD = '/home/ada/日本 語/a%b$c"d\\e'

function setup(profile = 'default') {
  return unitText({
    profile,
    node: '/usr/bin/node',
    words: ['/opt/lumos.cjs', 'daemon', '--files-root', ODD],
    env: { LUMOS_HOME: ODD }
  })
}

test('any path stands in the unit as systemd reads it', () => {
  const lines = setup().split('\n')
  // Variables are filled in where a program is named, and nowhere else.
  expect(lines).toContain(
    String.raw`ExecStart="/usr/bin/node" "/opt/lumos.cjs" "daemon" "--files-root" "/home/ada/日本 語/a%%b$$c\"d\\e"`
  )
  expect(lines).toContain(String.raw`Environment="LUMOS_HOME=/home/ada/日本 語/a%%b$c\"d\\e"`)
})

test('a line break in a path does not begin another line', () => {
  const env = { LUMOS_HOME: '/a\nExecStartPre=/bin/evil' }
  const text = unitText({ profile: 'default', node: '/n', words: [], env })
  expect(text.split('\n').filter((line) => line.startsWith('ExecStartPre'))).toEqual([])
})

test('systemd is told when the node is ready, and starts it again when it dies, but not in vain', () => {
  const lines = setup().split('\n')
  for (const line of [
    'Type=notify',
    'NotifyAccess=all',
    'Restart=on-failure',
    'RestartPreventExitStatus=2 8',
    'NoNewPrivileges=yes',
    'WantedBy=default.target'
  ]) {
    expect(lines).toContain(line)
  }
})

test('each profile has a unit of its own', () => {
  expect([unitName('default'), unitName('two')]).toEqual(['lumos.service', 'lumos-two.service'])
  expect(setup('two')).toContain('Description=Lumos node, profile two')
})

test('--print shows the unit and asks nobody; paths are whole, the profile and the flags are in it', async () => {
  const cli = await createTestCli()
  const flags = ['--files-root', 'notes', '--swarm-key', 'file:swarm.key', '--no-mdns']
  const env = { LUMOS_HOME: 'here', PATH: '' }
  const { code, out } = await cli.run(['-P', 'two', 'service', 'install', '--print', ...flags], {
    env
  })
  expect(code).toBe(0)
  expect(out).toContain(`"--files-root" "${process.cwd()}/notes" "--no-mdns"`)
  expect(out).toContain(`"--swarm-key" "file:${process.cwd()}/swarm.key"`)
  expect(out).toContain(`Environment="LUMOS_HOME=${process.cwd()}/here"`)
  expect(out).toContain('Environment="LUMOS_PROFILE=two"')
})

test('without systemd it says what to do instead', async () => {
  const cli = await createTestCli()
  const { code, err } = await cli.run(['service', 'install'], { env: { PATH: '' } })
  expect(code).toBe(1)
  expect(err).toContain('SERVICE_UNAVAILABLE')
  expect(err).toContain('loginctl enable-linger')
})

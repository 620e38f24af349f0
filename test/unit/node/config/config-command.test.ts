import { lstat, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { resolvePaths, type Environment } from '../../../../core/paths.ts'
import { runConfigCommand } from '../../../../node/config/config-command.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

async function setup(yaml?: string, env: Environment = {}) {
  const home = await temporaryDirectory()
  const file = join(home, 'config.yaml')
  if (yaml !== undefined) await writeFile(file, yaml)
  const paths = resolvePaths({ LUMOS_HOME: home })
  const run = (...argv: string[]) =>
    runConfigCommand(argv, { env, paths, workingDirectory: '/work' })
  return { home, file, run, text: async () => readFile(file, 'utf8') }
}

test('shows one value as it is, a group, or all; with the origin when asked', async () => {
  const { run, file } = await setup('name: amber', { LUMOS_DISCOVERY_MDNS: 'no' })
  expect((await run('get', 'name')).text).toBe('amber\n')
  expect((await run('get', 'name', '--origin')).text).toBe(`name  amber  file ${file}\n`)
  expect((await run('get', 'discovery')).text).toBe(
    'discovery.mdns      false\ndiscovery.sameHost  true\n'
  )
  expect((await run('get', 'agents.enabled')).text).toBe(
    'echo,clock,calc,files,summarize,sysinfo\n'
  )
  expect((await run('get', 'log.components')).text).toBe('\n')
  expect((await run('get')).document).toMatchObject({
    v: 1,
    values: expect.arrayContaining([
      { key: 'discovery.mdns', value: false, origin: 'env LUMOS_DISCOVERY_MDNS' }
    ])
  })
  expect((await run()).text).toContain('swarm.name')
})

test('writes a value, keeps comments and everything else, and says what it replaced', async () => {
  const yaml = '# my node\nname: amber # after the cat\n\nswarm:\n  # where we live\n  name: lab\n'
  const { run, text, file } = await setup(yaml)
  const { document, text: said } = await run('set', 'name', 'birch')
  expect(document).toEqual({ v: 1, key: 'name', value: 'birch', before: 'amber', path: file })
  expect(said).toBe(`name = birch   (was amber)   in ${file}\n`)
  await run('set', 'discovery.mdns', 'no')
  expect(await text()).toBe(`${yaml.replace('amber', 'birch')}discovery:\n  mdns: false\n`)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
})

test('makes the file when there is none', async () => {
  const { run, text } = await setup()
  await run('set', 'network.targetPeers', '4')
  expect(await text()).toBe('network:\n  targetPeers: 4\n')
})

test('takes lists as words or with commas, and makes paths absolute', async () => {
  const { run } = await setup()
  await run('set', 'agents.enabled', 'echo', 'calc')
  expect((await run('get', 'agents.enabled')).text).toBe('echo,calc\n')
  await run('set', 'agents.enabled', 'files,clock')
  expect((await run('get', 'agents.enabled')).text).toBe('files,clock\n')
  await run('set', 'agents.files.roots', 'notes', '/srv')
  expect((await run('get', 'agents.files.roots')).document).toMatchObject({
    value: ['/work/notes', '/srv']
  })
})

test('goes back to the default', async () => {
  const { run, text } = await setup('name: amber\nlog: { level: debug }\n')
  expect((await run('unset', 'log.level')).text).toMatch(
    /^log.level is info, the default {3}\(was debug\)/
  )
  expect((await run('unset', 'name')).document).toMatchObject({ value: null, before: 'amber' })
  expect((await run('unset', 'name')).document).toMatchObject({ before: null })
  await expect(run('validate')).resolves.toBeDefined()
  expect(await text()).not.toContain('debug')
})

test.for([
  [['set', 'nmae', 'x'], 'CONFIG_INVALID', 'did you mean "name"?'],
  [['unset', 'swarm'], 'CONFIG_INVALID', 'unknown key "swarm"'],
  [['get', 'discovery.mdsn'], 'CONFIG_INVALID', 'did you mean "discovery.mdns"?'],
  [['set', 'network.targetPeers', 'many'], 'CONFIG_INVALID', 'network.targetPeers'],
  [['set', 'tasks.retention', '5'], 'CONFIG_INVALID', 'duration'],
  [['set', 'name', 'a', 'b'], 'USAGE', 'one value'],
  [['set', 'name'], 'USAGE', 'needs a value'],
  [['set'], 'USAGE', 'KEY'],
  [['edit'], 'USAGE', 'not "edit"'],
  [['get', '--all'], 'USAGE', '--all']
] as const)('refuses %j and changes nothing', async ([argv, code, reason]) => {
  const { run, text } = await setup('name: amber\n')
  await expect(run(...argv)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(reason)
  })
  expect(await text()).toBe('name: amber\n')
})

test('leaves a file that is wrong to its author', async () => {
  const { run, text } = await setup('nmae: amber\n')
  await expect(run('set', 'name', 'birch')).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  await expect(run('validate')).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  expect(await text()).toBe('nmae: amber\n')
  expect((await run('path')).document).toMatchObject({ exists: true })
})

test('writes through a link, as people who keep their dotfiles elsewhere need it', async () => {
  const { run, file, home } = await setup()
  const target = join(home, 'dotfile.yaml')
  await writeFile(target, 'name: amber\n')
  await symlink(target, file)
  await run('set', 'name', 'birch')
  expect((await lstat(file)).isSymbolicLink()).toBe(true)
  expect(await readFile(target, 'utf8')).toBe('name: birch\n')
})

test('says where the file is, there or not', async () => {
  const { run, file } = await setup()
  expect(await run('path')).toEqual({
    text: `${file}\n`,
    document: { v: 1, path: file, exists: false }
  })
})

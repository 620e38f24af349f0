import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { findEntry, usualName } from '../../../../agents/hosting/entry.ts'
import { launchOf } from '../../../../agents/hosting/launch.ts'
import { testFolder } from '../../../support/started-nodes.ts'

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = testFolder()
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
  return folder
}

test.for([
  [{ 'src/mastra/index.ts': '', 'index.js': '' }, 'src/mastra/index.ts'],
  [{ 'src/index.mjs': '', 'index.js': '' }, 'src/index.mjs'],
  [{ 'package.json': '{"main": "lib/main.cjs"}', 'lib/main.cjs': '' }, 'lib/main.cjs'],
  [{ 'package.json': '{"lumos": {"host": "a.ts"}}', 'a.ts': '', 'index.ts': '' }, 'a.ts']
] as const)('of a folder with %j it takes %s', ([files, file]) => {
  const folder = folderWith(files)
  const modules = [{ file: join(folder, file) }]
  expect(findEntry(folder)).toEqual({ kind: 'modules', modules, cwd: folder })
})

test('it takes the graphs of langgraph.json under their own names', () => {
  const graphs = { myAgent: './src/a.ts:graph', broken: 'nowhere' }
  const folder = folderWith({ 'langgraph.json': JSON.stringify({ graphs }), 'index.ts': '' })
  const file = join(folder, 'src/a.ts')
  const modules = [{ file, pick: { name: 'graph', id: 'my-agent' } }]
  expect(findEntry(folder)).toEqual({ kind: 'modules', modules, cwd: folder })
})

test('a module runs where its package is, an executable where it lies', () => {
  const folder = folderWith({
    'package.json': '{}',
    'deep/agent.ts': '',
    'deep/agent': '#!/bin/sh'
  })
  expect(findEntry(join(folder, 'deep/agent.ts'))).toMatchObject({ kind: 'modules', cwd: folder })
  const program = join(folder, 'deep/agent')
  expect(() => findEntry(program)).toThrow('neither a module nor executable')
  chmodSync(program, 0o755)
  expect(findEntry(program)).toMatchObject({ kind: 'program', cwd: join(folder, 'deep') })
})

test.for(['', 'missing.ts'])('there is nothing to host in an empty folder: "%s"', (name) => {
  expect(() => findEntry(join(folderWith({}), name))).toThrow(
    expect.objectContaining({ code: 'HOST_INVALID' })
  )
})

test.for([
  [{ 'package.json': '{"name": "@acme/Weather_Shop"}' }, '', 'weather-shop'],
  [{ 'shop/src/mastra/index.ts': '' }, 'shop/src/mastra/index.ts', 'shop'],
  [{ 'shop/painter.py': '' }, 'shop/painter.py', 'painter']
] as const)('of %j it calls "%s" %s', ([files, path, name]) => {
  expect(usualName(join(folderWith(files), path))).toBe(name)
})

test('a process gets a bare environment, what it was given, and three quarters of its memory as heap', () => {
  const folder = folderWith({ 'agent.ts': '' })
  const order = {
    path: join(folder, 'agent.ts'),
    env: { KEY: 'k' },
    memoryBytes: 400 * 1024 * 1024
  }
  const env = { PATH: '/bin', HOME: '/root', OPENAI_API_KEY: 'secret' }
  const launch = launchOf(order, { env, socket: '/run/lumos.sock' })
  expect(launch.env).toEqual({
    PATH: '/bin',
    HOME: '/root',
    KEY: 'k',
    LUMOS_SOCKET: '/run/lumos.sock'
  })
  expect(launch.args).toContain('--max-old-space-size=300')
  expect(launch.channel).toBe('fd3')
  expect(launchOf(order, { env, socket: '' }).env).not.toHaveProperty('LUMOS_SOCKET')
})

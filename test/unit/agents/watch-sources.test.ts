/** Saves are noticed wherever a project has its sources, and nowhere else. */
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { watchSources } from '../../../agents/hosting/watch-sources.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

async function setup() {
  const folder = await temporaryDirectory()
  await mkdir(join(folder, 'src/deep'), { recursive: true })
  await mkdir(join(folder, 'node_modules/x'), { recursive: true })
  const saved: string[] = []
  const close = watchSources(folder, (file) => saved.push(file.slice(folder.length + 1)))
  onTestFinished(close)
  const save = (name: string): Promise<void> => writeFile(join(folder, name), 'x')
  return { folder, saved, save, close }
}

test('a save in any folder of the project is told, also in one that is made later', async () => {
  const { folder, saved, save } = await setup()
  await save('agent.ts')
  await save('src/deep/tool.mjs')
  await mkdir(join(folder, 'later'))
  await expect
    .poll(async () => {
      await save('later/new.ts')
      return saved
    })
    .toEqual(expect.arrayContaining(['agent.ts', 'src/deep/tool.mjs', 'later/new.ts']))
})

test('an editor that writes beside and renames is noticed', async () => {
  const { folder, saved, save } = await setup()
  await save('.agent.ts.swp')
  await rename(join(folder, '.agent.ts.swp'), join(folder, 'agent.ts'))
  await expect.poll(() => saved).toContain('agent.ts')
  expect(saved).not.toContain('.agent.ts.swp')
})

test('packages, data and hidden files are nobody’s save', async () => {
  const { saved, save } = await setup()
  await save('node_modules/x/index.js')
  await save('notes.sqlite')
  await save('.hidden.ts')
  await save('last.ts')
  await expect.poll(() => saved).toContain('last.ts')
  expect(new Set(saved)).toEqual(new Set(['last.ts']))
})

test('nothing is told any more when it is closed', async () => {
  const { saved, save, close } = await setup()
  close()
  await save('agent.ts')
  await save('src/tool.ts')
  expect(saved).toEqual([])
})

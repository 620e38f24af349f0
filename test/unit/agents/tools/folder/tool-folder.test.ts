import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { watchFolder } from '../../../../../agents/tools/folder/folder-watch.ts'
import { createToolFolder } from '../../../../../agents/tools/folder/tool-folder.ts'
import { createToolRegistry } from '../../../../../agents/tools/registry.ts'
import { LIMITS } from '../../../../../core/limits.ts'
import { silentLogger } from '../../../../../core/logger.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'
import { nativeImport } from '../../../../support/native-import.ts'
import { temporaryDirectory } from '../../../../support/temporary-directory.ts'
import { toolContext } from '../../../../support/tool-context.ts'
import { PATIENCE } from '../../../../support/patience.ts'

function source(id: string, returns: string): string {
  return `export const tool: object = { id: '${id}', description: 'D.', effects: [], execute: () => ${returns} }\n`
}

/** A folder that is kept, whose changes the test tells of. */
async function setup(files: Readonly<Record<string, string>> = {}, exists = true) {
  const folder = join(await temporaryDirectory(), 'tools')
  if (exists) await mkdir(folder)
  const clock = new ManualClock()
  const registry = createToolRegistry()
  const told: { changed?: () => void } = {}
  let looks = 0
  const kept = createToolFolder(
    {
      clock,
      logger: silentLogger,
      importModule: nativeImport,
      watch(path, onChange) {
        // Real watching begins, too: that is what finds out whether the folder is there.
        watchFolder(path, () => {})()
        told.changed = onChange
        return () => {}
      },
      assign(tools) {
        registry.assign('folder', tools)
        looks += 1
      }
    },
    {
      folder,
      packageUrl: new URL('../../../../../agents/tools/define-tool.ts', import.meta.url).href
    }
  )
  const write = async (more: Readonly<Record<string, string>>): Promise<void> => {
    for (const [name, text] of Object.entries(more)) await writeFile(join(folder, name), text)
  }
  await write(files)
  await kept.start()
  onTestFinished(() => kept.stop())
  /** What the folder is after a change. */
  const settled = async (): Promise<void> => {
    const before = looks
    told.changed?.()
    await clock.advance(LIMITS.toolReload.value)
    await vi.waitFor(() => expect(looks).toBeGreaterThan(before), PATIENCE)
  }
  const use = (id: string) => registry.find(id)?.execute({}, toolContext())
  return { folder, clock, registry, kept, write, settled, use }
}

test('files are loaded as they are, TypeScript among them, and again when they change', async () => {
  const { write, settled, use } = await setup({ 'a.ts': source('a', '"one" as string') })
  expect(await use('a')).toBe('one')
  await write({
    'a.ts': source('a', '"two"'),
    'b.mjs': "export const list = [{ id: 'b', description: 'B.', execute: () => 1 }]"
  })
  await settled()
  expect(await use('a')).toBe('two')
  expect(await use('b')).toBe(1)
})

test('a file that goes takes its tools with it', async () => {
  const { folder, settled, registry } = await setup({
    'a.ts': source('a', '1'),
    'b.ts': source('b', '1')
  })
  await rm(join(folder, 'a.ts'))
  await settled()
  expect(registry.tools().map(({ id }) => id)).toEqual(['b'])
})

test.each([
  ['a syntax error in TypeScript', 'a.ts', 'const x = 1\nconst: = 2\n', 2],
  ['a syntax error in JavaScript', 'a.mjs', 'const x = 1\n\nexport const = 2\n', 3],
  ['what it throws', 'a.ts', 'const x = 1\nthrow new Error("no key")\n', 2],
  [
    'a tool that is none',
    'a.ts',
    'export const a = { id: "a b", description: "D.", execute() {} }',
    undefined
  ],
  ['no tool', 'a.ts', 'export const a = 1', undefined]
])(
  'a file with %s leaves the old tools serving, and file and line are told',
  async (...[, name, broken, line]) => {
    const { write, settled, use, kept } = await setup({
      [name]: source('a', '1').replace(': object', name.endsWith('ts') ? ': object' : '')
    })
    expect(kept.problems()).toEqual([])
    await write({ [name]: broken })
    await settled()
    expect(await use('a')).toBe(1)
    expect(kept.problems()).toEqual([
      { file: name, reason: expect.any(String), ...(line !== undefined && { line }) }
    ])
    await write({
      [name]: source('a', '2').replace(': object', name.endsWith('ts') ? ': object' : '')
    })
    await settled()
    expect(await use('a')).toBe(2)
    expect(kept.problems()).toEqual([])
  }
)

test('a file imports this package without an installation, and its helpers anew when they change', async () => {
  const { write, settled, use, kept } = await setup({
    'a.ts': `import { tool } from 'lumos-mesh'\nimport { word } from './_words.ts'\nexport const a = tool({ id: 'a', description: 'A.', execute: () => word })`,
    '_words.ts': 'export const word: string = "one"'
  })
  expect(kept.problems()).toEqual([])
  expect(await use('a')).toBe('one')
  await write({ '_words.ts': 'export const word: string = "two"' })
  await settled()
  expect(await use('a')).toBe('two')
})

test('of twins the first file has the tool, and the other one is told of', async () => {
  const { folder, settled, use, kept } = await setup({
    'a.ts': source('same', '"a"'),
    'b.ts': source('same', '"b"')
  })
  expect(await use('same')).toBe('a')
  expect(kept.problems()).toEqual([
    { file: 'b.ts', reason: 'same@1.0.0 is also in a.ts, and used from there' }
  ])
  await rm(join(folder, 'a.ts'))
  await settled()
  expect(await use('same')).toBe('b')
})

test('a folder may come later, and go', async () => {
  const { folder, clock, registry, write, settled } = await setup({}, false)
  expect(registry.tools()).toEqual([])
  await mkdir(folder)
  await write({ 'a.ts': source('a', '1') })
  await clock.advance(LIMITS.toolFolderLook.value)
  await vi.waitFor(() => expect(registry.tools()).toHaveLength(1), PATIENCE)
  await rename(folder, `${folder}-gone`)
  await settled()
  expect(registry.tools()).toEqual([])
})

test('a folder that every user may write to is not loaded', async () => {
  const { folder, settled, use, kept, write } = await setup({ 'a.ts': source('a', '1') })
  await chmod(folder, 0o777)
  await write({ 'a.ts': source('a', '2') })
  void settled().catch(() => {})
  await vi.waitFor(() => expect(kept.problems()).toHaveLength(1), PATIENCE)
  expect(kept.problems()).toMatchObject([{ reason: expect.stringContaining('every user') }])
  expect(await use('a')).toBe(1)
})

test('changes of files are heard of', async () => {
  const folder = await temporaryDirectory()
  const { promise, resolve } = Promise.withResolvers<string>()
  const close = watchFolder(folder, () => resolve('changed'))
  await writeFile(join(folder, 'a.ts'), 'export {}')
  expect(await promise).toBe('changed')
  close()
})

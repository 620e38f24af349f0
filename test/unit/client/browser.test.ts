/** What bundlers take for `lumos-mesh/client` in browsers. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as browser from '../../../client/browser.ts'
import * as node from '../../../client/client.ts'

/** All modules that are loaded with `file`, and what they import by a bare name; types are gone by then. */
function loadedWith(file: string, files = new Set<string>(), bare = new Set<string>()) {
  if (files.has(file)) return { files, bare }
  files.add(file)
  const source = readFileSync(file, 'utf8')
  const imports =
    /^(?:import|export)\s+(?!type\b)(?:[^'";]*?\bfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'/gm
  for (const [, named, dynamic] of source.matchAll(imports)) {
    const specifier = named ?? dynamic ?? ''
    if (specifier.startsWith('.')) loadedWith(join(file, '..', specifier), files, bare)
    else bare.add(specifier)
  }
  return { files, bare }
}

test('nothing of it needs Node, or any package', () => {
  const { files, bare } = loadedWith('client/browser.ts')
  expect(files).toContain('client/live-link.ts')
  expect([...bare]).toEqual([])
  const code = [...files].map((file) => readFileSync(file, 'utf8')).join('\n')
  expect(code).not.toMatch(/\b(Buffer\.|process\.(env|version|nextTick)|require\()/)
})

test('the search finds what it looks for', () => {
  expect([...loadedWith('client/client.ts').bare]).toEqual(['node:http'])
})

test('it exports what the client for Node does, and is what the package gives to browsers', () => {
  expect(Object.keys(browser)).toEqual(Object.keys(node))
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
  expect(exports['./client'].browser.default).toBe('./dist/client/browser.js')
})

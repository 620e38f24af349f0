import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openApiDocument } from '../../../../gateway/control/openapi.ts'
import { ROUTES } from '../../../../gateway/control/routes.ts'

test('docs/openapi.json is what the routes say (run: node tools/openapi.ts)', () => {
  expect(JSON.parse(readFileSync('docs/openapi.json', 'utf8'))).toEqual(openApiDocument())
})

test('every reference leads to a schema of the document', () => {
  const document = openApiDocument()
  const names = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref)
  expect(names.length).toBeGreaterThan(20)
  for (const name of names) {
    expect(name).toMatch(/^#\/components\/schemas\/\w+$/)
    const found = document['components']
    expect(JSON.stringify(found)).toContain(`"${name?.split('/').at(-1)}":{`)
  }
})

test('every route has its own id, and every parameter of its path a description of its type', () => {
  expect(new Set(ROUTES.map(({ id }) => id)).size).toBe(ROUTES.length)
  for (const { path, params } of ROUTES) {
    expect([path, params === undefined]).toEqual([path, !path.includes('{')])
  }
})

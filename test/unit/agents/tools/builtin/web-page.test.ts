/** Pages of the web as a person would read them, and pages that nobody could. */
import { expect, test } from 'vitest'
import { serve, webTools } from '../../../../support/web-site.ts'

test('a page is read as a person would read it', async () => {
  const html = `<!doctype html><title>A &amp; B</title><script>evil()</script>
    <nav><a href="/menu">Menu</a></nav><h1>Head</h1><p>Text <a href="next?a=1#x">on</a>.</p>
    <a href="javascript:alert(1)">no</a>`
  const { url } = await serve((_, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end(html)
  )
  const call = webTools()
  expect(await call('web_page', { url })).toEqual({
    url,
    title: 'A & B',
    text: 'Head\n\nText on.\n\nno',
    characters: 18,
    links: [{ text: 'on', url: `${url}next?a=1` }]
  })
  expect(await call('web_page', { url, offset: 6, length: 4, links: false })).toMatchObject({
    text: 'Text',
    links: []
  })
})

test('other text is returned as it is, and what is none is refused', async () => {
  const call = webTools()
  const types: readonly (readonly [string, number, string | Buffer])[] = [
    ['application/json', 200, '{}'],
    ['image/png', 200, Buffer.from([137, 80, 0, 1])],
    ['text/html', 404, 'lost']
  ]
  const answers = types.map(async ([type, status, body]) => {
    const { url } = await serve((_, response) =>
      response.writeHead(status, { 'content-type': type }).end(body)
    )
    return call('web_page', { url }).catch((error: Error) => error.message)
  })
  expect(await Promise.all(answers)).toEqual([
    expect.objectContaining({ text: '{}', title: '' }),
    expect.stringContaining('image/png'),
    expect.stringContaining('the server answers 404')
  ])
})

test('a page that was made to take for ever does not hold up the next', async () => {
  const { url } = await serve(({ url: path }, response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end(path === '/deep' ? '<div>'.repeat(300_000) : '<p>fine')
  })
  const call = webTools()
  await expect(call('web_page', { url: `${url}deep` })).rejects.toThrow(/longer than|memory/)
  expect(await call('web_page', { url })).toMatchObject({ text: 'fine' })
})

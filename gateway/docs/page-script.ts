/** What the page at `/docs` does: shows the document at `/openapi.json`. It runs in browsers, as it stands here. */
export const SCRIPT = `
'use strict'
const make = (tag, set = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), set)
  node.append(...children.filter((one) => one !== undefined))
  return node
}
// Text with words in back quotes; nothing of the document is ever HTML.
const words = (text = '') =>
  text.split('\\u0060').map((part, i) => (i % 2 ? make('code', { textContent: part }) : part))

// Names stand for themselves below the first level, and wherever they would come again.
function typeOf(schema, all, depth, above = []) {
  if (!schema || depth > 5) return '…'
  const inner = (one, level) => typeOf(one, all, level, above)
  const pad = '  '.repeat(depth)
  if (schema.$ref) {
    const name = schema.$ref.split('/').pop()
    return depth > 1 || above.includes(name) ? name : typeOf(all[name], all, depth, [...above, name])
  }
  if ('const' in schema) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(' | ')
  const some = schema.anyOf || schema.oneOf || schema.allOf
  if (some) return some.map((one) => inner(one, depth)).join(schema.allOf ? ' & ' : ' | ')
  if (schema.type === 'array') return inner(schema.items || {}, depth) + '[]'
  if (schema.type === 'object' && schema.properties) {
    const must = schema.required || []
    const rows = Object.entries(schema.properties).map(
      ([name, one]) =>
        pad + '  ' + name + (must.includes(name) ? '' : '?') + ': ' + inner(one, depth + 1) +
        (one.description ? '  // ' + one.description : '')
    )
    return '{\\n' + rows.join('\\n') + '\\n' + pad + '}'
  }
  return [].concat(schema.type || 'any').join(' | ')
}

const example = (method, path, op) => {
  const lines = ['curl -s "$URL' + path + '"', '-H "Authorization: Bearer $TOKEN"']
  if (op.security && op.security.length === 0) lines.pop()
  if (method === 'post') lines.push("-H 'Content-Type: application/json'", "-d '{}'")
  return lines.join(' \\\\\\n  ')
}

function bodyOf(method, path, op, all) {
  const body = make('div', { className: 'body' })
  if (op.description) body.append(make('p', { className: 'dim' }, ...words(op.description)))
  if (op.externalDocs) {
    const link = make('a', { href: op.externalDocs.url, rel: 'noreferrer', textContent: op.externalDocs.url })
    body.append(make('p', {}, 'Described at ', link))
  }
  if ((op.parameters || []).length > 0) {
    const rows = op.parameters.map((one) =>
      make('tr', {}, make('td', {}, make('code', { textContent: one.name })),
        make('td', { textContent: one.in + (one.required ? ', required' : '') }),
        make('td', {}, make('code', { textContent: typeOf(one.schema, all, 1) })),
        make('td', {}, ...words(one.description))))
    const titles = ['parameter', 'where', 'type', 'means'].map((textContent) =>
      make('th', { textContent, scope: 'col' }))
    body.append(make('table', {}, make('thead', {}, make('tr', {}, ...titles)), make('tbody', {}, ...rows)))
  }
  const shown = (title, content) => {
    for (const [type, { schema }] of Object.entries(content || {})) {
      body.append(make('h3', { textContent: title + ' · ' + type }))
      body.append(make('pre', { tabIndex: 0, textContent: typeOf(schema, all, 0) }))
    }
  }
  shown('request', op.requestBody && op.requestBody.content)
  shown('answer', op.responses['200'] && op.responses['200'].content)
  body.append(make('h3', { textContent: 'curl' }))
  body.append(make('pre', { tabIndex: 0, textContent: example(method, path, op) }))
  return body
}

function rowOf(method, path, op, all) {
  const row = make('details', { id: op.operationId },
    make('summary', {},
      make('span', { className: 'method ' + method, textContent: method.toUpperCase() }),
      make('code', { textContent: path }), make('span', { className: 'words', textContent: op.summary })))
  row.dataset.text = [method, path, op.summary, op['x-lumos-scope']].join(' ').toLowerCase()
  row.addEventListener('toggle', () => {
    if (row.open && row.children.length === 1) row.append(bodyOf(method, path, op, all))
  })
  return row
}

function show(doc) {
  const main = document.getElementById('operations')
  document.getElementById('about').replaceChildren(...words(doc.info.description))
  const groups = new Map()
  for (const [path, methods] of Object.entries(doc.paths)) {
    for (const [method, op] of Object.entries(methods)) {
      const tag = (op.tags || ['other'])[0]
      const section = groups.get(tag) || make('section', {}, make('h2', { textContent: tag }))
      section.append(rowOf(method, path, op, doc.components.schemas))
      groups.set(tag, section)
    }
  }
  main.replaceChildren(...groups.values())
  const filter = document.getElementById('filter')
  const count = document.getElementById('count')
  const look = () => {
    const wanted = filter.value.toLowerCase().split(/\\s+/)
    let shown = 0
    for (const section of groups.values()) {
      const rows = [...section.querySelectorAll('details')]
      for (const row of rows) row.hidden = !wanted.every((word) => row.dataset.text.includes(word))
      section.hidden = rows.every((row) => row.hidden)
      shown += rows.filter((row) => !row.hidden).length
    }
    count.textContent = shown + ' operations'
  }
  filter.addEventListener('input', look)
  look()
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)))
  if (named && named.tagName === 'DETAILS') {
    named.open = true
    named.scrollIntoView()
  }
}

addEventListener('keydown', (event) => {
  const filter = document.getElementById('filter')
  if (event.key === '/' && event.target !== filter) {
    event.preventDefault()
    filter.focus()
  } else if (event.key === 'Escape' && event.target === filter) {
    filter.value = ''
    filter.dispatchEvent(new Event('input'))
  }
})
fetch('/openapi.json')
  .then((answer) => answer.json())
  .then(show)
  .catch(() => {
    document.getElementById('about').textContent = 'The document at /openapi.json could not be read.'
  })
`

/** Where in the dashboard one is, as the hash says: `#/tasks/ID?state=failed`. */
export interface Route {
  /** Id of the page. */
  readonly page: string
  /** What stands behind it, decoded. */
  readonly path: readonly string[]
  readonly query: Readonly<Record<string, string>>
}

/** The page to begin with. */
export const HOME = 'overview'

/** Hashes that nobody has made here lead home. */
export function routeOf(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  const [page = '', ...rest] = path.split('/').map(decoded)
  const query = Object.fromEntries(new URLSearchParams(search))
  return { page: page === '' ? HOME : page, path: rest.filter((part) => part !== ''), query }
}

/** For `href`. Empty values of the query are left out. */
export function hashOf(
  page: string,
  path: readonly string[] = [],
  query: Readonly<Record<string, string>> = {}
): string {
  const given = Object.entries(query).filter(([, value]) => value !== '')
  const search = given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`
  return `#/${[page, ...path].map((part) => encodeURIComponent(part)).join('/')}${search}`
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

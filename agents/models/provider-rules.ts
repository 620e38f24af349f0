/** What a provider may be called and where it may be. */

export function isProviderName(text: string): boolean {
  return /^[a-z][a-z0-9-]{0,31}$/.test(text)
}

/** With credentials in it a URL would show them wherever it is shown. */
export function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, search, hash } = new URL(text)
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === ''
}

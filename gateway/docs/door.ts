/** `/openapi.json` and a page that shows it at `/docs`, for everybody: what there is to be called is no secret. */
import { createHash } from 'node:crypto'
import type { PublicRequest } from '../http/request.ts'
import { routeUnknown, sendJson } from '../http/request.ts'
import { httpOpenApiDocument } from './http-openapi.ts'
import { SCRIPT } from './page-script.ts'
import { STYLE } from './page-style.ts'

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>Lumos: the doors over HTTP</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#operations">To the operations</a>
<header>
<h1>Lumos over HTTP</h1>
<p id="about">Reading /openapi.json …</p>
<p class="dim"><a href="/openapi.json">openapi.json</a> · <span id="count" role="status"></span></p>
<div class="search"><label class="dim" for="filter">Find an operation, a path or a scope (press <code>/</code>)</label>
<input id="filter" type="search" autocomplete="off" spellcheck="false"></div>
</header>
<main id="operations" tabindex="-1"></main>
<noscript><p>This page shows the document at /openapi.json, and needs JavaScript for it.</p></noscript>
<script>${SCRIPT}</script>
</body>
</html>
`

type Answerable = Omit<PublicRequest, 'incoming'>

/** Nothing but what stands in the page itself, and the document from this very node. */
const POLICY = [
  "default-src 'none'",
  "connect-src 'self'",
  `script-src '${hashOf(SCRIPT)}'`,
  `style-src '${hashOf(STYLE)}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'"
].join('; ')

const CACHE = 'public, max-age=300'

/**
 * Says what there is, that the process answers, and whether the node takes work. False for a path that is
 * another's.
 */
export function answerPublicly(request: Answerable, isReady: () => boolean): boolean {
  const { path, method } = request
  const answer = ANSWERS.get(path)
  if (answer === undefined) return false
  if (method !== 'GET' && method !== 'HEAD') {
    throw routeUnknown(request)
  }
  answer(request, isReady)
  return true
}

type Answer = (request: Answerable, isReady: () => boolean) => void

const ANSWERS: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  ['/healthz', sendHealth],
  ['/readyz', sendReadiness],
  ['/openapi.json', sendDocument],
  ['/docs', sendPage]
])

let document: ReturnType<typeof httpOpenApiDocument> | undefined

/** Made when it is first asked for: it takes tens of milliseconds. */
function sendDocument(request: Answerable): void {
  document ??= httpOpenApiDocument()
  sendJson(request, document, { headers: { 'cache-control': CACHE } })
}

function sendHealth(request: Answerable): void {
  sendJson(request, { v: 1, ok: true })
}

/** Why it takes none is for those who may ask: `lumos health --ready`. */
function sendReadiness(request: Answerable, isReady: () => boolean): void {
  if (isReady()) return sendHealth(request)
  sendJson(request, { v: 1, ok: false }, { status: 503 })
}

function sendPage({ response }: Answerable): void {
  const body = Buffer.from(PAGE)
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': body.length,
    'content-security-policy': POLICY,
    'cache-control': CACHE
  })
  response.end(body)
}

/** As a Content-Security-Policy names what may run. */
function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

/** The app's pages: one document for all of them, at the addresses that src/admin/pages.ts declares and nowhere else. */
import { randomBytes } from 'node:crypto'
import { PAGES, type Page, type PageKey } from '../admin/pages.ts'
import { readsOfView } from '../contracts/customer-views.ts'
import { escapeMarkup } from '../report/markup.ts'
import { readFrame, type FrameAnswer } from './api/frame.ts'
import { readCustomerViews, type CustomerViewsAnswer } from './api/customer-views.ts'
import { appStart, type AppStart } from './app-files.ts'
import { assetPath } from './assets.ts'
import { pagePolicy } from './headers.ts'
import { sessionToken } from './cookies.ts'
import { route, type Route } from './route.ts'

export const appPageRoutes: readonly Route[] = PAGES.map((page: Page) =>
  route({
    method: 'get',
    path: page.path,
    summary: page.title,
    tag: 'Pages',
    access: { scope: null, role: page.role },
    audience: 'page',
    answers: { 200: { description: 'The page', type: 'text/html' } },
    handle: async ({ caller, cookie, origin }, services) => {
      if (caller.kind !== 'session') throw new Error('only people get here')
      const nonce = randomBytes(16).toString('base64')
      const frame = await readFrame(caller, services, sessionToken(origin, cookie))
      const views = page.key === 'customers' ? await readCustomerViews(caller, services.database) : null
      return {
        status: 200,
        html: appDocument({
          title: page.title,
          boot: { frame, nonce, ...(views === null ? {} : { views }) },
          start: appStart(page.key as PageKey),
          reads: [...(page.reads ?? []), ...(views === null ? [] : readsOfDefault(views))],
        }),
        headers: { 'Content-Security-Policy': pagePolicy({ styleNonce: nonce }) },
      }
    },
  }),
)

/** What the list of customers asks where the address names nothing else. */
function readsOfDefault(views: CustomerViewsAnswer): readonly string[] {
  const view = views.items.find(({ id }) => id === views.default)
  return view === undefined ? [] : readsOfView(view.query)
}

/** What the server knows goes with the document, so that the frame stands before anything was asked. */
function appDocument({
  title,
  boot,
  start,
  reads,
}: {
  title: string
  boot: {
    readonly frame: FrameAnswer
    readonly nonce: string
    readonly views?: CustomerViewsAnswer
  }
  start: AppStart
  /** Asked for at once, where the address has no filters of its own. */
  reads: readonly string[]
}): string {
  // JSON in a page must not be able to end its element.
  const json = JSON.stringify(boot).replaceAll('<', '\\u003c')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeMarkup(title)} · Holdfast</title>
<link rel="icon" href="${assetPath('icon.svg')}" type="image/svg+xml">
<script src="${assetPath('scheme.js')}" data-reads="${escapeMarkup(reads.join(' '))}"></script>
${start.styles.map((href) => `<link rel="stylesheet" href="${href}">`).join('\n')}
${start.fonts.map((href) => `<link rel="preload" href="${href}" as="font" type="font/woff2" crossorigin>`).join('\n')}
${start.modules.map((href) => `<link rel="modulepreload" href="${href}">`).join('\n')}
<script type="module" src="${start.script}"></script>
</head>
<body>
<div id="app"></div>
<noscript><p>The pages of Holdfast need JavaScript. What they show can also be had from the API: <a href="/docs">/docs</a>.</p></noscript>
<script type="application/json" id="boot">${json}</script>
</body>
</html>
`
}

/**
 * A record of a HubSpot account, or a page of an app there, in a browser: what was built of the app's project runs in it as it does
 * at HubSpot, and what it asks goes through HubSpot, which adds who asks and signs it.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { signHubSpot, type HubSpotUser } from '../hubspot-signing.ts'

const ORIGIN = 'https://app.hubspot.example'

export interface Hosted {
  /** As `remoteBuild` made it. */
  readonly script: string
  readonly title: string
  /** Pixels: the sidebar of a record is narrow. */
  readonly width: number
  /** As HubSpot gives it to the page. */
  readonly context: Readonly<Record<string, unknown>>
}

export interface AppAtHubSpot {
  readonly secret: string
  /** Address that the app was told with. */
  readonly publicUrl: string
  /** Where it answers. */
  readonly serverUrl: string
  readonly by: HubSpotUser
}

/** As a browser of somebody who is signed in to HubSpot; once for each tab. */
export async function signInToHubSpot(tab: Page, app: () => AppAtHubSpot): Promise<void> {
  await tab.exposeFunction('askedOfHubSpot', async (url: string, method: 'GET' | 'POST', body: unknown) => {
    const { secret, publicUrl, serverUrl, by } = app()
    if (!url.startsWith(`${publicUrl}/`)) throw new Error(`HubSpot does not let ${url} be asked.`)
    const { pathname, searchParams } = new URL(url)
    const { path, ...init } = signHubSpot({
      secret,
      base: publicUrl,
      method,
      path: pathname,
      query: Object.fromEntries(searchParams),
      by,
      ...(body === null ? {} : { body }),
      now: new Date(),
    })
    const answer = await fetch(serverUrl + path, init)
    return { status: answer.status, text: await answer.text() }
  })
}

/**
 * @example
 * await openAtHubSpot(tab, { script, title: 'Northwind', width: 380, context: { crm: { objectTypeId: '0-2', objectId: 512 } } })
 */
export async function openAtHubSpot(tab: Page, hosted: Hosted): Promise<void> {
  await tab.route(`${ORIGIN}/**`, (route) =>
    route.fulfill({ contentType: 'text/html; charset=utf-8', body: documentOf(hosted) }),
  )
  await tab.goto(`${ORIGIN}/`)
}

const extensions = createRequire(
  join(import.meta.dirname, '../../../manifest/hubspot/extensions/package.json'),
)
const react = (): string =>
  ['react/umd/react.production.min.js', 'react-dom/umd/react-dom.production.min.js']
    .map((file) =>
      readFileSync(
        extensions
          .resolve(`${file.split('/')[0]}/package.json`)
          .replace('package.json', file.slice(file.indexOf('/') + 1)),
        'utf8',
      ),
    )
    .join('\n')

const inScript = (text: string): string => text.replaceAll('</script', '<\\/script')

function documentOf({ script, title, width, context }: Hosted): string {
  const host = readFileSync(join(import.meta.dirname, 'host.js'), 'utf8')
  const scripts = [react(), `self.PLACE = ${JSON.stringify({ context })}`, host, script]
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><style>${STYLE}</style>
<header>HubSpot (stand-in) · ${title}</header><main style="width:${width}px"><p id="said" role="status"></p><div id="place"></div></main>
${scripts.map((text) => `<script>${inScript(text)}</script>`).join('\n')}</html>`
}

const STYLE = `
body{font:14px/1.45 Lexend,system-ui,sans-serif;color:#33475b;background:#f5f8fa;margin:0}
header{background:#253342;color:#fff;padding:10px 20px}
main{background:#fff;border:1px solid #dfe3eb;border-radius:4px;margin:16px;padding:16px;box-sizing:border-box}
p{margin:0} h1{font-size:20px} h2{font-size:18px;margin:0 0 8px} h3{font-size:15px;margin:8px 0 0} ul{margin:0;padding-left:18px}
.microcopy,small{font-size:12px;color:#516f90} .demibold{font-weight:600} .heard{position:absolute;clip-path:inset(50%)}
.inline{display:flex;flex-wrap:wrap} .row{gap:8px} .number{font-size:22px;margin-right:8px}
button{border:1px solid #cbd6e2;background:#eaf0f6;border-radius:3px;padding:6px 12px;font:inherit} button.primary{background:#ff7a59;color:#fff;border-color:#ff7a59}
button.destructive{background:#f2545b;color:#fff} button.transparent{background:none;border:0;color:#007a8c} button:disabled{opacity:.5}
.tag{border-radius:10px;padding:0 8px;background:#eaf0f6} .tag.danger{background:#fdedee;color:#a11d24} .tag.warning{background:#fef8f0;color:#7a4c00} .tag.success{background:#e5f8f6;color:#00685f}
.alert{border:1px solid #99acc2;background:#f5f8fa;padding:8px;border-radius:3px} .alert:empty{display:none} .alert.warning{background:#fef8f0;border-color:#f5c26b} .alert.danger{background:#fdedee;border-color:#f2545b} .alert.success{background:#e5f8f6;border-color:#00bda5}
.field{display:flex;flex-direction:column;gap:2px} .wrong{color:#a11d24} input,select,textarea{font:inherit;padding:4px 8px;border:1px solid #cbd6e2;border-radius:3px} .toggle{display:flex;gap:8px}
table{border-collapse:collapse;width:100%} td,th{border-bottom:1px solid #dfe3eb;padding:6px 8px;vertical-align:top} .pairs{display:flex;gap:24px;margin:0} dt{font-size:12px;color:#516f90} dd{margin:0}
.over{position:fixed;inset:0;background:#2533427a;display:grid;place-items:center} .dialog{background:#fff;width:520px;padding:20px;border-radius:4px} .body{margin-bottom:16px} .state{text-align:center;padding:16px}
a{color:#007a8c}`

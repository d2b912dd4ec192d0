/**
 * A record of a Salesforce org, or a page of an app there, in a browser: the package's components with Salesforce's own base
 * components and styles, and with no more rights than there (no other origin, no eval).
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { hostScript, WORKSPACE, type PAGES } from './build.ts'

const ORIGIN = 'https://acme.lightning.force.example'

export interface Hosted {
  readonly module: (typeof PAGES)[number]
  /** Of the record that the page is of. */
  readonly recordId?: string
  /** Pixels of the region that it stands in: about 400 beside a record. */
  readonly width?: number
}

/** A method of the package's Apex, which promises the text that it gives, or is refused with a sentence. */
export type Apex = (method: string, parameters: Readonly<Record<string, unknown>>) => Promise<string>

/**
 * As a browser of somebody who is signed in to Salesforce; once for each tab.
 *
 * @param navigate is told where a press wants to go, as NavigationMixin has it
 * @example
 * await signInToSalesforce(tab, apexOverHttp(() => ({ url, key, org, user, email })))
 */
export async function signInToSalesforce(
  tab: Page,
  apex: Apex,
  navigate: (page: unknown) => void = () => undefined,
): Promise<void> {
  await tab.exposeFunction('__apex', apex)
  await tab.exposeFunction('__navigate', navigate)
}

/**
 * @example
 * await openAtSalesforce(tab, { module: 'holdfastCard', recordId: '001Hp00002abcdEIAQ', width: 400 })
 */
export async function openAtSalesforce(tab: Page, hosted: Hosted): Promise<void> {
  const body = await hostPage(hosted)
  await tab.route(`${ORIGIN}/**`, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body }))
  await tab.goto(`${ORIGIN}/`)
}

const at = createRequire(join(WORKSPACE, 'package.json'))
/** Fonts and pictures of the design system lie beside it: a page here has neither. */
const styles = (): string =>
  readFileSync(
    at.resolve(
      '@salesforce-ux/design-system/assets/styles/salesforce-lightning-design-system-offline.min.css',
    ),
    'utf8',
  )
    .replaceAll(/@font-face\s*\{[^}]*\}/g, '')
    .replaceAll(/url\([^)]*\)/g, 'none')

const inScript = (text: string): string => text.replaceAll('</script', '<\\/script')

/** The document, with everything in it. */
export async function hostPage({ module, recordId, width = 400 }: Hosted): Promise<string> {
  const mount = `window.holdfastMount(${JSON.stringify(module)}, ${JSON.stringify({ recordId })}, document.getElementById('place'))`
  const scripts = [await hostScript('lightning'), mount]
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Salesforce (stand-in)</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-host'">
<style>${styles()}body{background:#f3f3f3;padding:16px}main{width:${width}px;max-width:100%}</style>
<main><h1 class="slds-assistive-text">A page of Salesforce</h1><div id="place"></div></main>
${scripts.map((text) => `<script nonce="host">${inScript(text)}</script>`).join('\n')}</html>`
}

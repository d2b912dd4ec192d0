/** The frame of every page: the document round what a page says. */
import { escapeMarkup } from '../report/markup.ts'
import { assetPath } from './assets.ts'

export interface PageContent {
  readonly title: string
  /** HTML; whatever comes from outside has been escaped. */
  readonly body: string
  /** Whose page it is, behind the title; default Holdfast. Empty: nobody's. */
  readonly site?: string
  /** BCP 47; default en. */
  readonly language?: string
  /** HTML for the head: scripts of {@link assetPath}. */
  readonly head?: string
}

/**
 * @example
 * return { status: 200, html: page({ title: 'Sign in', body: '<h1>Sign in</h1>' }) }
 */
export function page({ title, body, site = 'Holdfast', language = 'en', head = '' }: PageContent): string {
  return `<!doctype html>
<html lang="${escapeMarkup(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeMarkup(site === '' ? title : `${title} · ${site}`)}</title>
<link rel="icon" href="${assetPath('icon.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${assetPath('page.css')}">
${head}</head>
<body>
${body}
</body>
</html>
`
}

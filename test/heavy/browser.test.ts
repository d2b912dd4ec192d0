import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)

// Without a browser there is nothing to open; .ci/run installs Debian's chromium.
describe.skipIf(chromiumPath === undefined)('the evaluation report in a browser', () => {
  let folder: string
  let browser: Browser
  let report: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-report-'))
    const holdfast = (...args: string[]): void => {
      execFileSync(process.execPath, [join(root, 'bin/holdfast.js'), ...args, '--quiet'], { stdio: 'pipe' })
    }
    const customers = join(folder, 'customers.csv')
    report = join(folder, 'report.html')
    holdfast('generate', '--rows', '3000', '--outcome', '--out', customers)
    holdfast('evaluate', customers, '--target', 'churned', '--out', report)
    browser = await chromium.launch({
      executablePath: chromiumPath!,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
      ],
    })
  })

  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function open(
    width: number,
    colorScheme: 'light' | 'dark',
  ): Promise<{ page: Page; trouble: string[] }> {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
    const trouble: string[] = []
    page.on('console', (message) => trouble.push(message.text()))
    page.on('pageerror', (error) => trouble.push(error.message))
    page.on('request', (request) => {
      if (!/^(file|data):/.test(request.url())) trouble.push(request.url())
    })
    await page.goto(pathToFileURL(report).href)
    return { page, trouble }
  }

  it.each([
    [1400, 'light'],
    [1400, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)(
    'fits a window of %i px in the %s theme, asks for nothing from outside',
    async (width, scheme) => {
      const { page, trouble } = await open(width, scheme)
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
      expect(await page.evaluate('document.fonts.check("14px \\"Inter Variable\\"")')).toBe(true)
      expect(trouble).toEqual([])
      await page.close()
    },
  )

  it('shows the four curves, each also as a table that opens', async () => {
    const { page } = await open(1400, 'light')
    expect(await page.locator('svg[role=img]').count()).toBeGreaterThanOrEqual(5)
    const tables = page.locator('details')
    const count = await tables.count()
    expect(count).toBeGreaterThanOrEqual(5)
    for (let i = 0; i < count; i++) {
      await tables.nth(i).locator('summary').click()
      expect(await tables.nth(i).locator('tbody tr').count()).toBeGreaterThan(1)
    }
    await page.close()
  })

  it('keeps text readable: at least 4.5 to 1 against the ground in both themes', async () => {
    for (const scheme of ['light', 'dark'] as const) {
      const { page } = await open(1400, scheme)
      const worst = await page.evaluate(contrast)
      expect(worst).toBeGreaterThanOrEqual(4.5)
      await page.close()
    }
  })
})

/** Lowest WCAG contrast of any visible text against the page's ground. Runs in the page. */
const contrast = `(() => {
  const channel = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 }
  const luminance = (color) => { const [r, g, b] = color.match(/[\\d.]+/g).map(Number); return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b) }
  const ground = luminance(getComputedStyle(document.body).backgroundColor)
  let worst = 21
  for (const element of document.querySelectorAll('h1,h2,p,dt,dd,small,td,th,summary,footer,svg text')) {
    if (!element.textContent.trim()) continue
    const style = getComputedStyle(element)
    const text = luminance(element instanceof SVGElement ? style.fill : style.color)
    worst = Math.min(worst, (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05))
  }
  return worst
})()`

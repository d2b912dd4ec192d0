import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PAGES, PAGE_GROUPS, type Page } from '../../src/admin/pages.ts'
import type { TenantId } from '../../src/contracts/ids.ts'
import { ROLES } from '../../src/security/access.ts'
import { frameRoutes, type FrameAnswer } from '../../src/server/api/frame.ts'
import { appStart, startOf } from '../../src/server/app-files.ts'
import type { Database } from '../../src/store/database.ts'
import { addTenant, openTestDatabase } from '../support/database.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const pages = PAGES as readonly Page[]

let database: Database
let server: TestServer
let tenant: TenantId
beforeAll(async () => {
  database = await openTestDatabase()
  tenant = await addTenant(database, 'Acme </script><script>alert(1)</script>')
  server = await startTestServer(database, frameRoutes)
})
afterAll(async () => {
  await server?.close()
  await database?.close()
})

const open = async (path: string, role: (typeof ROLES)[number] = 'admin', installation = false) =>
  server.fetch(path, { headers: { cookie: await server.cookie(tenant, role, installation) } })

describe('the pages of the app', () => {
  it('have one key and one address each, and lead from a group or from another page', () => {
    for (const of of ['key', 'path', 'title'] as const)
      expect(new Set(pages.map((page) => page[of])).size).toBe(pages.length)
    for (const { group, within, key, inMenu = false } of pages) {
      if (group !== null) expect(PAGE_GROUPS).toContain(group)
      else if (!inMenu) expect(pages.some((page) => page.key === within && page.key !== key)).toBe(true)
    }
  })

  it('open for their role and those above it, and for nobody else', async () => {
    // One session a role: signing in anew for each page would take most of the time.
    for (const one of ROLES) {
      const cookie = await server.cookie(tenant, one)
      for (const { path, role } of pages) {
        const answer = await server.fetch(path.replace(/\{\w+\}/g, '1'), { headers: { cookie } })
        expect([path, one, answer.status]).toEqual([
          path,
          one,
          ROLES.indexOf(one) >= ROLES.indexOf(role) ? 200 : 403,
        ])
      }
    }
    expect((await server.fetch(pages[0].path)).status).toBe(401)
    expect((await open('/app/no-such-page')).status).toBe(404)
  })

  it('bring what the frame shows, which cannot end its element', async () => {
    const html = await (await open('/app/customers', 'viewer')).text()
    const [, boot] = /<script type="application\/json" id="boot">(.*?)<\/script>/s.exec(html)!
    const { frame, nonce } = JSON.parse(boot)
    expect(frame).toMatchObject({
      person: { name: 'viewer', role: 'viewer', installation: false },
      company: { id: tenant, name: 'Acme </script><script>alert(1)</script>' },
      companies: [],
      standing: { tone: 'wait', text: 'First look: nothing is sent' },
      queues: false,
    })
    expect(nonce).toMatch(/^[\w+/]{22}==$/)
    const asked = await open('/v1/frame', 'viewer')
    // Each session has a token of its own.
    const csrf = expect.stringMatching(/^[\w-]{43}$/) as string
    expect(frame).toMatchObject({ csrf })
    expect(await asked.json()).toEqual({ ...frame, csrf })
  })

  it('tell of other companies only whoever holds the installation', async () => {
    const other = await addTenant(database, 'Another')
    const read = async (installation: boolean) =>
      ((await (await open('/v1/frame', 'admin', installation)).json()) as FrameAnswer).companies
    expect(await read(false)).toEqual([])
    expect(await read(true)).toContainEqual({ id: other, name: 'Another' })
  })

  it('let in scripts of our own files only, and styles of this one answer', async () => {
    const [one, another] = [await open('/app/customers'), await open('/app/customers')]
    const policy = one.headers.get('content-security-policy')!
    const nonce = /"nonce":"([^"]+)"/.exec(await one.text())![1]
    expect(policy).toContain(`style-src 'self' 'nonce-${nonce}'`)
    expect(policy).toContain("script-src 'self';")
    expect(policy).not.toContain('unsafe')
    expect(another.headers.get('content-security-policy')).not.toBe(policy)
    expect(one.headers.get('cache-control')).toBe('no-store')
  })
})

describe('the files of the app', () => {
  const { script, modules, styles, fonts } = appStart('customers')
  const bytes = async (path: string, accept: string) => {
    const answer = await server.fetch(path, { headers: { 'accept-encoding': accept } })
    return { answer, body: Buffer.from(await answer.arrayBuffer()) }
  }

  it('are handed out packed as the browser takes them, for good', async () => {
    for (const path of [script, ...modules, ...styles]) {
      const plain = await bytes(path, 'identity')
      expect(plain.answer.status).toBe(200)
      expect(plain.answer.headers.get('content-encoding')).toBe(null)
      expect(plain.answer.headers.get('cache-control')).toContain('immutable')
      expect(plain.answer.headers.get('vary')).toBe('Accept-Encoding')
      for (const encoding of ['br', 'gzip'])
        // fetch unpacks what it gets.
        expect((await bytes(path, encoding)).body.equals(plain.body)).toBe(true)
      expect((await bytes(path, 'gzip, br')).answer.headers.get('content-encoding')).toBe('br')
    }
  })

  it('are none but those of the build, whatever the name', async () => {
    for (const name of [
      'manifest.json',
      '..%2Fmanifest.json',
      '%2e%2e%2f%2e%2e%2fpages.ts',
      'x.js',
      `${script.split('/').at(-1)}.gz`,
    ])
      expect((await server.fetch(`/app/assets/${name}`)).status).toBe(404)
  })

  it('cost a first page at most 250 kB of JavaScript, packed', async () => {
    for (const page of ['overview', 'customers'] as const) {
      const start = appStart(page)
      let sum = 0
      for (const path of new Set([start.script, ...start.modules]))
        sum += gzipSync((await bytes(path, 'identity')).body, { level: 9 }).length
      expect(sum).toBeLessThan(250_000)
      expect(sum).toBeGreaterThan(50_000)
    }
  })

  it('are asked for by the document: the code of its own page, the styles, the font', async () => {
    const html = await (await open('/app/customers')).text()
    const links = (kind: string) =>
      [...html.matchAll(/<link rel="(\w+)" href="([^"]+)"/g)]
        .filter(([, rel]) => rel === kind)
        .map(([, , href]) => href)
    expect(links('modulepreload')).toEqual(modules)
    expect(links('modulepreload').some((href) => /customers-/.test(href))).toBe(true)
    expect(links('modulepreload').some((href) => /overview-/.test(href))).toBe(false)
    expect(links('stylesheet')).toEqual(styles)
    expect(links('preload')).toEqual(fonts)
    expect(fonts).toEqual([expect.stringMatching(/inter-latin-wght-.*\.woff2$/)])
  })

  it('say what the page reads first: of the list of customers what it opens with', async () => {
    const readsIn = async (path: string) => {
      const html = await (await open(path)).text()
      const [, reads] = /<script src="[^"]*scheme[^"]*" data-reads="([^"]*)">/.exec(html)!
      return { reads, boot: JSON.parse(/id="boot">(.*?)<\/script>/s.exec(html)![1]) }
    }
    const customers = await readsIn('/app/customers')
    expect(customers.reads.split(' ')).toEqual([
      '/v1/connections',
      '/v1/customers?sort=value',
      '/v1/customers/count',
    ])
    expect(customers.boot.views).toMatchObject({ default: 'first' })
    const overview = await readsIn('/app')
    expect(overview.reads).toBe('/v1/overview')
    expect(overview.boot).not.toHaveProperty('views')
  })

  it('are few for any page', () => {
    for (const { key } of PAGES) {
      const start = appStart(key)
      expect([key, start.modules.length < 20, start.styles.length]).toEqual([key, true, 1])
    }
  })

  it('name what an entry and a page need before they run, each once, and not what is loaded later', () => {
    const built = {
      'main.tsx': {
        file: 'assets/main.js',
        isEntry: true,
        imports: ['_a.js', '_b.js'],
        dynamicImports: ['pages/late.tsx', 'pages/other.tsx'],
        css: ['assets/main.css'],
        assets: ['assets/inter-latin-wght-1.woff2', 'assets/inter-latin-ext-wght-1.woff2'],
      },
      '_a.js': { file: 'assets/a.js', imports: ['_b.js'], css: ['assets/b.css'] },
      '_b.js': { file: 'assets/b.js', imports: ['_a.js'], css: ['assets/b.css'] },
      'pages/late.tsx': { file: 'assets/late.js', imports: ['main.tsx', '_c.js'] },
      'pages/other.tsx': { file: 'assets/other.js' },
      '_c.js': { file: 'assets/c.js', css: ['assets/c.css'] },
    }
    expect(startOf(built)).toEqual({
      script: '/app/assets/main.js',
      modules: ['/app/assets/a.js', '/app/assets/b.js'],
      styles: ['/app/assets/main.css', '/app/assets/b.css'],
      fonts: ['/app/assets/inter-latin-wght-1.woff2'],
    })
    expect(startOf(built, 'pages/late.tsx')).toMatchObject({
      modules: ['a', 'b', 'late', 'c'].map((name) => `/app/assets/${name}.js`),
      styles: ['main', 'b', 'c'].map((name) => `/app/assets/${name}.css`),
    })
    expect(() => startOf(built, 'pages/gone.tsx')).toThrow('npm run prepare')
  })

  it('are packed from what stands beside them', () => {
    const folder = resolve(import.meta.dirname, '../../src/admin/built/assets')
    const names = readdirSync(folder)
    for (const name of names.filter((one) => /\.(js|css)$/.test(one)))
      expect(names).toEqual(expect.arrayContaining([`${name}.br`, `${name}.gz`]))
  })
})

import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

describe('the package that npm pack makes, installed into an empty folder', () => {
  let folder: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-package-'))
    execFileSync('npm', ['pack', '--pack-destination', folder], { cwd: root, stdio: 'pipe' })
    const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'))!
    // What the checkout allows its installer, its package cannot pass on: an installer of its own says it again.
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ name: 'newcomer', private: true, allowScripts: { 'onnxruntime-node': false } }),
    )
    writeFileSync(join(folder, '.npmrc'), readFileSync(join(root, '.npmrc'), 'utf8'))
    execFileSync('npm', ['install', join(folder, archive)], { cwd: folder, stdio: 'pipe' })
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('carries both sandboxes, no TypeScript sources, no tests, and no definition of a service', () => {
    const home = join(folder, 'node_modules/holdfast')
    const files = readdirSync(home, { recursive: true, encoding: 'utf8' })
    expect(files.filter((name) => /(^|\/)test\/|\.test\.|\.proto$/.test(name))).toEqual([])
    // But for what HubSpot builds: it is written out as it is.
    const sources = files.filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.d.ts'))
    const built = /^dist\/(manifest\/hubspot\/extensions\/[\w-]+\.tsx?|src\/contracts\/record-card\.ts)$/
    expect(sources.filter((name) => !built.test(name))).toEqual([])
    for (const crm of ['hubspot', 'salesforce'])
      expect(files).toContain(`dist/connectors/${crm}/sandbox/server.js`)
    const shipped = files.filter((name) => name.endsWith('.js') && !name.includes('node_modules'))
    expect(shipped.filter((name) => readFileSync(join(home, name), 'utf8').includes('../shared/'))).toEqual(
      [],
    )
  })

  // Packed by whoever has another NODE_ENV set, as tests have, it carried React's development build.
  it('carries the pages as they are meant to be used, not as they are developed', () => {
    const assets = join(folder, 'node_modules/holdfast/dist/src/admin/built/assets')
    const scripts = readdirSync(assets).filter((name) => name.endsWith('.js'))
    expect(scripts.length).toBeGreaterThan(10)
    const developed = scripts.filter((name) =>
      readFileSync(join(assets, name), 'utf8').includes('react-devtools'),
    )
    expect(developed).toEqual([])
  })

  it("writes out the app's project for HubSpot, with all of its pages", () => {
    const out = join(folder, 'hubspot-app')
    const address = ['--public-url', 'https://holdfast.example.com', '--out', out]
    execFileSync('npx', ['holdfast', 'manifest', 'hubspot', ...address], { cwd: folder, stdio: 'pipe' })
    for (const page of ['cards/record-tab', 'cards/record-sidebar', 'pages/pages', 'settings/settings'])
      expect(existsSync(join(out, `src/app/${page}.tsx`))).toBe(true)
    const contract = readFileSync(join(out, 'src/app/cards/contract.ts'), 'utf8')
    expect(contract).toContain('export interface RecordCard')
  })

  it('scores the example file', () => {
    const example = join(folder, 'node_modules/holdfast/examples/customers.csv')
    const out = join(folder, 'plan.csv')
    const printed = execFileSync('npx', ['holdfast', 'score', example, '--out', out, '--json'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const summary = JSON.parse(printed.trim().split('\n').at(-1)!)
    expect(summary.rows).toBeGreaterThan(100)
    expect(existsSync(out)).toBe(true)
    expect(readFileSync(out, 'utf8').trim().split('\n')).toHaveLength(summary.rows + 1)
  })

  it('trains, which starts its worker threads from compiled files', () => {
    const file = join(folder, 'customers-with-outcome.csv')
    execFileSync('npx', ['holdfast', 'generate', '--rows', '4000', '--outcome', '--out', file, '--quiet'], {
      cwd: folder,
      stdio: 'pipe',
    })
    const printed = execFileSync(
      'npx',
      ['holdfast', 'train', file, '--target', 'churned', '--json', '--quiet'],
      {
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    expect(JSON.parse(printed.trim().split('\n').at(-1)!).auc).toBeGreaterThan(0.55)
  })

  it('serves: the whole loop out of compiled files, from the database to mails in the sandbox inbox, tasks in the HubSpot sandbox and risk in the Salesforce sandbox', async () => {
    const data = join(folder, 'data')
    const env = { ...process.env, HOLDFAST_DATA: data, PORT: '0' }
    const server = spawn('npx', ['holdfast', 'serve'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that the launcher and the Node that it starts end together.
      detached: true,
    })
    let said = ''
    let log = ''
    server.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
    server.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
    const ended = new Promise((resolve) => server.on('close', resolve))
    try {
      await expect.poll(() => said, { timeout: 60_000 }).toMatch(/^Data: /m)
      const url = /Holdfast is at (\S+)/.exec(said)![1]
      expect((await fetch(`${url}/readyz`)).status).toBe(200)
      await expect.poll(() => log, { timeout: 180_000 }).toMatch(/"step":"write_back"/)
      const look = () => execFileSync('npx', ['holdfast', 'doctor'], { cwd: folder, env, encoding: 'utf8' })
      // The second company is begun when the first has been through its loop.
      await expect
        .poll(look, { timeout: 120_000, interval: 3000 })
        .toMatch(/Salesforce has [\d,]+ Account records.*, Holdfast holds [1-9]/)
      const run = execFileSync('npx', ['holdfast', 'run', '--json'], { cwd: folder, env, encoding: 'utf8' })
      expect(JSON.parse(run.trim().split('\n').at(-1)!).connections).toHaveLength(2)
      // E-mails have gone to the inbox by then, tasks to the HubSpot sandbox.
      await expect.poll(look, { timeout: 120_000, interval: 3000 }).toContain('and 0 interventions are due')
      const doctor = look()
      expect(doctor).toMatch(/HubSpot has [\d,]+ companies, Holdfast holds [\d,]+/)
      expect(doctor).toMatch(/Salesforce org: Org .* accepts our sign-in/)
      expect(doctor).not.toContain('FAILED')
    } finally {
      process.kill(-server.pid!, 'SIGKILL')
      await ended
    }
  })
})

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { expectManifest } from '../../src/cli/manifest-options.ts'
import { hubspotManifest, type ManifestOptions } from '../../src/cli/manifest.ts'
import { salesforceManifest } from '../../src/cli/manifest-salesforce.ts'

let folder: string
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'holdfast-manifest-'))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const render = (given: Partial<ManifestOptions> & { out: string }): Promise<number> =>
  hubspotManifest({
    name: 'Holdfast',
    distribution: 'private',
    publicUrl: 'https://holdfast.example.com/',
    quiet: true,
    json: true,
    ...given,
  })

it('writes a project for the address of an installation, and writes it anew where one lies', async () => {
  const out = join(folder, 'app')
  expect(await render({ out })).toBe(0)
  const app = join(out, 'src/app/app-hsmeta.json')
  expect(JSON.parse(readFileSync(app, 'utf8')).config.auth.redirectUrls).toEqual([
    'https://holdfast.example.com/oauth/hubspot/callback',
  ])
  expect(await render({ out, publicUrl: 'https://other.example.com', distribution: 'marketplace' })).toBe(0)
  expect(readFileSync(app, 'utf8')).toContain('https://other.example.com/')
})

it.each([
  ['an address that HubSpot would not call', { publicUrl: 'http://holdfast.example.com' }],
  ['what is no address', { publicUrl: 'holdfast.example.com' }],
  ['an address with a query', { publicUrl: 'https://holdfast.example.com/?a=b' }],
  ['an address of nobody for help', { supportEmail: 'nobody' }],
  ['no name', { name: '' }],
])('refuses %s, and writes nothing', async (_what, given) => {
  const out = join(folder, 'none')
  expect(await render({ out, ...given })).toBe(2)
  expect(existsSync(out)).toBe(false)
})

it('leaves a folder alone that has other things in it', async () => {
  const out = join(folder, 'full')
  mkdirSync(out)
  writeFileSync(join(out, 'letters.txt'), 'mine')
  expect(await render({ out })).toBe(2)
  expect(existsSync(join(out, 'src'))).toBe(false)
})

it('writes the package for Salesforce, and writes it anew where one lies', async () => {
  const out = join(folder, 'package')
  for (let time = 0; time < 2; time++)
    expect(await salesforceManifest({ out, quiet: true, json: true })).toBe(0)
  expect(JSON.parse(readFileSync(join(out, 'sfdx-project.json'), 'utf8'))).toMatchObject({
    packageDirectories: [{ path: 'force-app', default: true }],
    sourceApiVersion: '67.0',
  })
  expect(readFileSync(join(out, 'manifest/package.xml'), 'utf8')).toContain(
    '<members>Account.Holdfast_Risk_Percent__c</members>',
  )
  expect(await salesforceManifest({ out: join(folder, 'app'), quiet: true, json: true })).toBe(2)
})

it('knows what it is asked for, and takes nothing that would be said in vain', () => {
  expect(() => expectManifest('dynamics', {})).toThrow(
    'There is a manifest for hubspot and one for salesforce',
  )
  expect(() => expectManifest('salesforce', { distribution: 'marketplace' })).toThrow(
    '--distribution is for HubSpot',
  )
  expect(() => expectManifest('salesforce', {})).not.toThrow()
})

it('writes where Holdfast answers into the package, and refuses an address that Salesforce would not call', async () => {
  const out = join(folder, 'addressed')
  const render = (publicUrl: string) =>
    salesforceManifest({ out, publicUrl, supportEmail: 'help@example.com', quiet: true, json: true })
  expect(await render('http://holdfast.example.com')).toBe(2)
  expect(existsSync(out)).toBe(false)
  expect(await render('https://holdfast.example.com/')).toBe(0)
  const credential = 'force-app/main/default/namedCredentials/Holdfast.namedCredential-meta.xml'
  expect(readFileSync(join(out, credential), 'utf8')).toContain('>https://holdfast.example.com<')
})

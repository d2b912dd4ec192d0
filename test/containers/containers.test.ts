/**
 * No container engine runs here, so images are not built: the files are parsed and checked, and what they name in
 * this project is held to what is there.
 */
import { readFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { validate } from 'dockerfile-utils'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config.ts'

const at = (path: string): string => new URL(`../../${path}`, import.meta.url).pathname
const dockerfile = readFileSync(at('Dockerfile'), 'utf8')
const compose = readFileSync(at('compose.yaml'), 'utf8')
const manifest = JSON.parse(readFileSync(at('package.json'), 'utf8')) as {
  scripts: Record<string, string>
}

describe('the Dockerfile', () => {
  it('has nothing that its parser objects to', () => {
    expect(validate(dockerfile)).toEqual([])
  })

  it('installs before the sources are there, so without scripts, and makes the first database after', () => {
    const install = dockerfile.indexOf('npm ci --ignore-scripts')
    const sources = dockerfile.indexOf('COPY . .')
    const made = dockerfile.indexOf('npm run prepare')
    expect([install, sources, made].every((place) => place > 0)).toBe(true)
    expect(install < sources && sources < made).toBe(true)
  })

  it('runs scripts that exist and copies what the package carries', () => {
    for (const [, script] of dockerfile.matchAll(/npm run (\S+)/g))
      expect(manifest.scripts).toHaveProperty(script)
    for (const path of ['dist', 'bin', 'models/artefacts']) expect(dockerfile).toContain(`/app/${path} `)
  })

  it('does not run as root, and sets only variables that the service reads', () => {
    expect(dockerfile).toMatch(/^USER node$/m)
    const variables = [...dockerfile.matchAll(/^ENV (\w+)=(\S+)/gm)].map(([, name, value]) => [name, value])
    const config = readConfig(Object.fromEntries(variables))
    expect(config).toMatchObject({ data: '/data', host: '0.0.0.0' })
  })
})

describe('compose.yaml', () => {
  it('has no error for its linter', () => {
    const linter = join(
      dirname(createRequire(import.meta.url).resolve('dclint/package.json')),
      'bin/dclint.cjs',
    )
    // How keys are ordered is a matter of taste.
    const taste = ['service-keys-order', 'services-alphabetical-order', 'top-level-properties-order']
    const options = taste.flatMap((rule) => ['--disable-rule', rule])
    const lint = (path: string) =>
      execFileSync(process.execPath, [linter, path, ...options, '--max-warnings', '0'], { encoding: 'utf8' })
    expect(() => lint(at('compose.yaml'))).not.toThrow()
  })

  it('has a web, a worker and a scheduler on one PostgreSQL and one Redis that drops nothing', () => {
    for (const role of ['web', 'worker', 'scheduler'])
      expect(compose).toMatch(new RegExp(`- --role\\n\\s+- ${role}\\n`))
    expect(compose).toMatch(/- --maxmemory-policy\n\s+- noeviction/)
    expect(compose).toMatch(/image: postgres:15/)
  })

  it('publishes the web on loopback alone', () => {
    const ports = [...compose.matchAll(/- '([^']*:\d+:\d+)'/g)].map(([, port]) => port)
    expect(ports).toEqual(['127.0.0.1:3000:3000'])
  })

  it('names only variables that the service reads', () => {
    const block = compose.slice(compose.indexOf('&environment'), compose.indexOf('depends_on'))
    const names = [...block.matchAll(/^ {4}([A-Z_]+):/gm)].map(([, name]) => name)
    expect(names).toEqual(
      ['DATABASE_URL', 'REDIS_URL', 'HOLDFAST_MASTER_KEY', 'PUBLIC_URL', 'TRUST_PROXY'].concat([
        'HUBSPOT_CLIENT_ID',
        'HUBSPOT_CLIENT_SECRET',
        'SALESFORCE_CLIENT_ID',
        'SALESFORCE_CLIENT_SECRET',
        'OIDC_ISSUER',
        'OIDC_CLIENT_ID',
        'OIDC_CLIENT_SECRET',
      ]),
    )
    const source = readFileSync(at('src/config.ts'), 'utf8')
    for (const name of names) expect(source).toContain(`${name}: given(`)
  })
})

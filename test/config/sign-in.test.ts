import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config.ts'

const OIDC = { OIDC_ISSUER: 'https://id.example.com', OIDC_CLIENT_ID: 'holdfast' }
const signIn = (more: Record<string, string> = {}) => readConfig({ ...OIDC, ...more }).signIn

describe('the sign-in service in the environment', () => {
  it('is none unless issuer and client are set, and is called by its host', () => {
    expect(readConfig({}).signIn).toBeNull()
    expect(signIn()).toEqual({
      issuer: 'https://id.example.com',
      clientId: 'holdfast',
      clientSecret: null,
      name: 'id.example.com',
      scope: 'openid email profile',
      domains: [],
      groups: null,
    })
  })

  it('is refused half, with the variable that is wrong', () => {
    for (const [env, named] of [
      [{ OIDC_ISSUER: OIDC.OIDC_ISSUER }, /OIDC_ISSUER/],
      [{ OIDC_CLIENT_ID: 'x' }, /OIDC_CLIENT_ID/],
      [{ OIDC_DOMAINS: 'example.com' }, /OIDC_DOMAINS/],
      [{ ...OIDC, OIDC_ISSUER: 'http://id.example.com' }, /OIDC_ISSUER.*https/],
      // Made up. secretlint-disable-next-line
      [{ ...OIDC, OIDC_ISSUER: 'https://user:pass@id.example.com' }, /OIDC_ISSUER.*without a user/],
      [{ ...OIDC, OIDC_ISSUER: 'https://id.example.com/?a=b' }, /OIDC_ISSUER/],
      [{ ...OIDC, OIDC_SCOPE: 'email' }, /OIDC_SCOPE.*openid/],
      [{ ...OIDC, OIDC_GROUPS: 'admin=x' }, /OIDC_COMPANY/],
      [{ ...OIDC, OIDC_COMPANY: 'Acme' }, /OIDC_GROUPS/],
      [{ ...OIDC, OIDC_COMPANY: 'Acme', OIDC_GROUPS: 'owner=x' }, /OIDC_GROUPS/],
      [{ ...OIDC, OIDC_COMPANY: 'Acme', OIDC_GROUPS: 'admin' }, /OIDC_GROUPS/],
      [{ ...OIDC, OIDC_COMPANY: 'Acme', OIDC_GROUPS: 'admin=' }, /OIDC_GROUPS/],
    ] as [Record<string, string>, RegExp][])
      expect(() => readConfig(env), JSON.stringify(env)).toThrow(named)
    expect(signIn({ OIDC_ISSUER: 'http://localhost:9000' })?.issuer).toBe('http://localhost:9000')
  })

  it('has groups of any name, and domains however they are written', () => {
    const found = signIn({
      OIDC_COMPANY: 'Acme',
      OIDC_GROUPS: 'admin=cn=holdfast,ou=groups; viewer=sales; operator = success ',
      OIDC_GROUPS_CLAIM: 'roles',
      OIDC_DOMAINS: 'Example.COM, @other.example',
    })
    expect(found?.groups?.claim).toBe('roles')
    expect([...found!.groups!.roles]).toEqual([
      ['cn=holdfast,ou=groups', 'admin'],
      ['sales', 'viewer'],
      ['success', 'operator'],
    ])
    expect(found?.domains).toEqual(['example.com', 'other.example'])
  })
})

describe('rate limits in the environment', () => {
  it('have defaults, and are whole numbers', () => {
    expect(readConfig({}).rates).toEqual({ changes: 600, costly: 60 })
    expect(readConfig({ RATE_LIMIT_COSTLY: '5' }).rates).toEqual({ changes: 600, costly: 5 })
    for (const wrong of ['0', '-1', '1.5', 'many'])
      expect(() => readConfig({ RATE_LIMIT_CHANGES: wrong })).toThrow(/RATE_LIMIT_CHANGES/)
  })
})

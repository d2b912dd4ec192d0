import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config.ts'

describe('the environment', () => {
  it('has a default for everything: loopback, port 3000, embedded', () => {
    expect(readConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      databaseUrl: null,
      redisUrl: null,
      publicUrl: null,
      trustProxy: false,
    })
  })

  it('takes an empty variable for one that is not set', () => {
    expect(readConfig({ DATABASE_URL: '', PORT: '', PUBLIC_URL: '' })).toEqual(readConfig({}))
  })

  it('takes the slash off the public address, so that paths can be added', () => {
    expect(readConfig({ PUBLIC_URL: 'https://holdfast.example.com/' }).publicUrl).toBe(
      'https://holdfast.example.com',
    )
  })

  it('believes a number of proxies, or named ones', () => {
    expect(readConfig({ TRUST_PROXY: '1' }).trustProxy).toBe(1)
    expect(readConfig({ TRUST_PROXY: '10.0.0.0/8' }).trustProxy).toBe('10.0.0.0/8')
  })

  it('takes the app at HubSpot as a pair, and another address of its API for tests', () => {
    expect(readConfig({}).hubspot).toEqual({ clientId: null, clientSecret: null, apiUrl: null })
    expect(
      readConfig({
        HUBSPOT_CLIENT_ID: 'id',
        HUBSPOT_CLIENT_SECRET: 'secret',
        HUBSPOT_API_URL: 'http://127.0.0.1:4010/',
      }).hubspot,
    ).toEqual({ clientId: 'id', clientSecret: 'secret', apiUrl: 'http://127.0.0.1:4010' })
    expect(() => readConfig({ HUBSPOT_CLIENT_ID: 'id' })).toThrow(/HUBSPOT_CLIENT_SECRET/)
  })

  it.each([
    ['HUBSPOT_API_URL', 'hubspot'],
    ['PORT', '70000'],
    ['PORT', 'eighty'],
    ['DATABASE_URL', 'mysql://localhost/holdfast'],
    ['DATABASE_URL', 'not an address'],
    ['REDIS_URL', 'http://localhost'],
    ['PUBLIC_URL', 'ftp://example.com'],
    ['PUBLIC_URL', 'https://example.com/holdfast'],
    ['HOLDFAST_MASTER_KEY', 'short'],
  ])('names the variable %s when it says %s', (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(name)
  })
})

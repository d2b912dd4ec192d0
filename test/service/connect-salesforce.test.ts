import { execFileSync } from 'node:child_process'
import { readdirSync, mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seedSampleOrg } from '../../connectors/salesforce/sandbox/sample.ts'
import { startSalesforceSandbox, type SalesforceSandbox } from '../../connectors/salesforce/sandbox/server.ts'
import { createWorkshop, holdfast, plainEnvironment } from '../cli/command.ts'
import { startServerProcess, type ServerProcess } from './server-process.ts'

const { at, write, remove } = createWorkshop()
const OTHER = '00D000000000099EAA'
let org: SalesforceSandbox
let other: SalesforceSandbox
let server: ServerProcess | null = null
beforeAll(async () => {
  const seed = (customers: number) => (state: SalesforceSandbox['state']) =>
    void seedSampleOrg(state, { customers, seed: 5 })
  const clock = () => new Date()
  org = await startSalesforceSandbox({ clock, personAccounts: true, seed: seed(60) })
  other = await startSalesforceSandbox({ clock, org: OTHER, isSandbox: true, seed: seed(10) })
  mkdirSync(at('home'))
})
afterAll(async () => {
  await server?.end('SIGKILL')
  await Promise.all([org.close(), other.close()])
  remove()
})

const env = (of = org) => ({
  HOLDFAST_DATA: at('data'),
  HOME: at('home'),
  SALESFORCE_LOGIN_URL: of.url,
  SALESFORCE_CLIENT_ID: of.app.clientId,
  SALESFORCE_CLIENT_SECRET: of.app.clientSecret,
})
const run = (...args: string[]) => holdfast([...args, '--json'], { env: env() })
const connect = (...args: string[]) => run('connect', 'salesforce', ...args)
const byKey = ({ jwt } = org) => [
  '--jwt-key-file',
  write('key.pem', jwt.privateKey),
  '--client-id',
  jwt.clientId,
  '--username',
  jwt.username,
]
const bySecret = ({ app, url } = org) => [
  '--client-secret-file',
  write('secret.txt', `${app.clientSecret}\n`),
  '--client-id',
  app.clientId,
  '--domain',
  url,
]

interface Made {
  readonly connection: string
  readonly customers: number
  readonly records: number
}

describe('a Salesforce org connected from the command line', () => {
  it('says what it found, and connects nothing before somebody says who is a customer', async () => {
    expect((await run('company', 'Acme')).code).toBe(0)
    const unsaid = await connect(...byKey())
    expect(unsaid.code, unsaid.err).toBe(2)
    expect(unsaid.err).toMatch(new RegExp(`Salesforce org ${org.org} "Sample Org" \\(a live org\\), .*EUR`))
    expect(unsaid.err).toContain(`signed in as ${org.user.username}`)
    expect(unsaid.err).toMatch(/fields are marked as sensitive in Salesforce and left out: IBAN__c/)
    expect(unsaid.err).toMatch(/Accounts by Account Type \(Type\): Customer \d+/)
    expect(unsaid.err).toMatch(/Say which accounts are customers: --customers "Type=Customer/)
    expect((await run('sync')).out).toContain('"connections":[]')
  })

  it.each([
    [['--customers', 'everyone'], 2, /Say how to sign in to Salesforce, in one way/],
    [['--web', '--org', OTHER], 2, /in one way/],
    [['--jwt-key-file', '/nowhere'], 3, /cannot be read \(ENOENT\)/],
    [['--token-file', '/nowhere'], 2, /there is no --token-file \(of HubSpot\)/],
    [['--web', '--quiet'], 2, /leave --quiet out/],
    [['--web'], 7, /The server has to run for a sign-in in the browser/],
  ])('refuses %j before it signs in', async (args, code, message) => {
    const refused = await connect(...args)
    expect(refused.err).toMatch(message)
    expect(refused.code).toBe(code)
  })

  it('says of an address that it is none, by the name of its option', async () => {
    const { err } = await connect(...byKey(), '--login-url', 'test.salesforce.com')
    expect(err).toMatch(/Correct login-url \(takes an address such as/)
  })

  it('takes a key, and reads, scores and writes the customers', async () => {
    const connected = await connect(...byKey(), '--customers', 'Type=customer', '--name', 'Org')
    expect(connected.code, connected.err).toBe(0)
    const made = connected.last as unknown as Made
    expect(made).toMatchObject({ connection: 'Org', test: false, currency: 'EUR' })
    expect(made.customers).toBeLessThan(made.records)
    const pass = await run('run')
    expect(pass.code, pass.err).toBe(0)
    const [{ steps }] = (
      pass.last as unknown as { connections: [{ steps: Record<string, Record<string, number>> }] }
    ).connections
    // Whoever objects to being profiled has neither a score nor anything of ours on the record.
    const { objected } = steps['score']
    expect(objected).toBeGreaterThan(0)
    expect(steps).toMatchObject({ write_back: { written: made.customers - objected } })
    const { out } = await holdfast(['doctor'], { env: env() })
    expect(out).toMatch(/Org, Salesforce org: Org 00D\w+ "Sample Org" .* accepts our sign-in/)
    expect(out).toMatch(/Fields of Holdfast: All of them are there/)
    expect(out).not.toMatch(/FAILED/)
  })
})

describe('an org, beside a server that runs', () => {
  beforeAll(async () => {
    server = await startServerProcess(env())
  })

  it.each([
    [['--customers', 'Type=Alumni'], 4, /None of the accounts has Type=Alumni. Values of Type that occur: /],
    [['--customers', 'Stage__c=Customer'], 4, /cannot be told by "Stage__c"/],
    [['--where', "Type = 'Customer' LIMIT 3"], 4, /LIMIT/],
    [['--where', "Name = 'nobody'"], 4, /None of the accounts meets/],
    [['--where', 'Nowhere__c = 1'], 4, /Nowhere__c/],
    [['--where', "Type = 'Customer'", '--customers', 'everyone'], 2, /Give --customers or --where/],
    [['--customers', 'everyone', '--renewals', 'leases'], 2, /--renewals takes opportunities or contracts/],
    [['--customers', 'everyone', '--renewals', 'contracts'], 2, /name the field that has it/],
    [['--customers', 'everyone', '--responsible', 'OwnerId', '--team-role', 'CSM'], 2, /one of them says/],
    [['--customers', 'everyone', '--object', 'Lead'], 2, /object \(it takes Account, Contact\)/],
  ])('refuses %j, and says what there is', async (args, code, message) => {
    const refused = await connect(...bySecret(other), ...args)
    expect(refused.err).toMatch(message)
    expect(refused.code).toBe(code)
  })

  it('is not connected twice with the same object', async () => {
    const twice = await connect(...byKey(), '--customers', 'everyone')
    expect(twice.last.error).toMatchObject({ code: 'conflict' })
    expect(twice.err).toMatch(/The accounts of Salesforce org 00D\w+ are connected already, as "Org"/)
  })

  it('is set up anew while it works, by what is said, and by nothing else', async () => {
    const said = ['--reserve', '35', '--no-events', '--consent', 'opt_out', '--currency', 'eur']
    const changed = await connect(...byKey(), ...said)
    expect(changed.code, changed.err).toBe(0)
    expect(changed.last).toMatchObject({ connection: 'Org', reconnected: true, changed: true })
    expect(changed.last).not.toHaveProperty('population')
    const { out } = await holdfast(['doctor'], { env: env() })
    expect(out).toMatch(/They are switched off for this connection/)
    const wrong = await connect(...byKey(), '--currency', 'euros')
    expect(wrong.err).toMatch(/"currency": is the code of a currency/)
    const others = await connect(...byKey(), '--reserve', '35', '--where', "Type = 'Customer'")
    expect(others.last.error).toMatchObject({ code: 'conflict' })
  })

  it('is left and signed in to again with its customers', async () => {
    await run('disconnect', 'Org')
    const again = await connect(...byKey())
    expect(again.code, again.err).toBe(0)
    expect(again.last).toMatchObject({ connection: 'Org', reconnected: true })
    expect(again.last).not.toHaveProperty('population')
    await run('disconnect', 'Org')
    const moved = await connect(...bySecret(), '--customers', 'Type=Customer')
    expect(moved.last).toMatchObject({ reconnected: true })
    const elsewhere = await holdfast(
      ['connect', 'salesforce', ...bySecret(other), '--customers', 'everyone', '--json'],
      { env: env(other) },
    )
    expect(elsewhere.code, elsewhere.err).toBe(0)
    expect(elsewhere.last).toMatchObject({ test: true })
  })
})

describe('a sign-in in the browser', () => {
  /** Whoever consents in the browser: the sandbox gives the code for the challenge that the address carries. */
  async function consent(address: string, given: Record<string, string> = {}): Promise<string> {
    const asked = new URL(address).searchParams
    const back = new URL(asked.get('redirect_uri')!)
    const code = org.authorizationCode(asked.get('code_challenge')!)
    for (const [name, value] of Object.entries({ code, ...given })) back.searchParams.set(name, value)
    back.searchParams.set('state', asked.get('state')!)
    const page = await fetch(back)
    return page.text()
  }

  function connectByWeb(args: readonly string[], given: Record<string, string> = {}) {
    const pages: Promise<string>[] = []
    const seen = 'code_challenge_method'
    const done = holdfastSeeing(['connect', 'salesforce', '--web', ...args, '--json'], seen, (err) => {
      const address = /https?:\/\/\S+\/services\/oauth2\/authorize\?\S+/.exec(err)![0]
      pages.push(consent(address, given))
    })
    return done.then(async (outcome) => ({ ...outcome, page: (await Promise.all(pages)).join() }))
  }

  it('goes on in the terminal, and is not asked for again where nobody said who is a customer', async () => {
    const unsaid = await connectByWeb(['--object', 'Contact'])
    expect(unsaid.page).toContain('You are signed in to Salesforce')
    expect(unsaid.err).toMatch(new RegExp(`You stay signed in: --org ${org.org} takes the place of --web`))
    const where = "Account.Type = 'Customer'"
    const stored = await connect('--org', org.org, '--object', 'Contact', '--where', where)
    expect(stored.code, stored.err).toBe(0)
    expect(stored.last).toMatchObject({
      connection: 'Salesforce Sample Org contacts',
      population: { kind: 'condition', condition: where },
    })
    const pass = await run('sync', '--connection', 'Salesforce Sample Org contacts')
    expect(pass.code, pass.err).toBe(0)
  })

  it('keeps what Salesforce gave for a refresh token that may not be used again', async () => {
    const file = ['--refresh-token-file', write('refresh.txt', org.authorize().refreshToken)]
    const wanted = ['--object', 'Contact', '--company', 'Beta']
    expect((await run('company', 'Beta')).code).toBe(0)
    await run('disconnect', 'Salesforce Sample Org contacts', '--company', 'Acme')
    const wrong = await connect(...file, ...wanted, '--where', 'Nowhere__c = 1')
    expect(wrong.err).toMatch(/Nowhere__c/)
    expect(wrong.err).toMatch(new RegExp(`You stay signed in: --org ${org.org} takes the place of`))
    const goesOn = await connect('--org', org.org, ...wanted, '--where', "Account.Type = 'Customer'")
    expect(goesOn.code, goesOn.err).toBe(0)
  })

  it('says in the browser and in the terminal what Salesforce refused', async () => {
    const refused = await connectByWeb(['--company', 'Acme'], { code: '', error: 'access_denied' })
    expect(refused.page).toContain('press Allow')
    expect(refused.err).toMatch(/Salesforce ended the sign-in \(access_denied\)/)
    expect(refused.code).toBe(7)
  })
})

describe('where nobody looks', () => {
  it('leaves nothing in the home folder', () => {
    expect(readdirSync(at('home'))).toEqual([])
  })

  it("loads neither Salesforce's library nor gRPC in a process without a Salesforce connection", async () => {
    const plain = { HOLDFAST_DATA: at('plain'), HOME: at('home') }
    const file = write('customers.csv', 'customer_id,tenure,monthly_charges\n1,5,20\n2,7,30\n')
    await holdfast(['company', 'Files'], { env: plain })
    await holdfast(['connect', file, '--customers', 'everyone'], { env: plain })
    const script = `
      import { createRequire } from 'node:module'
      process.argv = [process.argv[0], 'holdfast', 'run', '--quiet']
      await import(${JSON.stringify(resolve(import.meta.dirname, '../../src/cli.ts'))})
      const loaded = Object.keys(createRequire('${resolve(import.meta.dirname)}/x.js').cache)
      console.log(JSON.stringify(loaded.filter((path) => /@salesforce|@grpc|jsforce|avsc/.test(path)).length), loaded.length > 50)
    `
    const said = execFileSync(process.execPath, [write('loaded.mjs', script)], {
      env: plainEnvironment(plain),
      encoding: 'utf8',
    })
    expect(said.trim().split('\n').at(-1)).toBe('0 true')
  })
})

/** As `holdfast`, with everything that was said so far at the moment something is seen. */
async function holdfastSeeing(args: readonly string[], seen: string, act: (err: string) => void) {
  const { spawn } = await import('node:child_process')
  const { launcher } = await import('../cli/command.ts')
  const child = spawn(process.execPath, [launcher, ...args], {
    env: plainEnvironment(env()),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  let acted = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
    if (acted || !err.includes(seen) || !err.includes('Waiting')) return
    acted = true
    act(err)
  })
  const code = await new Promise<number | null>((done) => child.on('close', done))
  return { code, out, err }
}

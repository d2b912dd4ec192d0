import { spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seedSample } from '../../connectors/hubspot/sandbox/sample.ts'
import { startHubSpotSandbox, type HubSpotSandbox } from '../../connectors/hubspot/sandbox/server.ts'
import { createWorkshop, holdfast, launcher, plainEnvironment } from '../cli/command.ts'

const { at, write, remove } = createWorkshop()
let portal: HubSpotSandbox
let other: HubSpotSandbox
beforeAll(async () => {
  const seed = (customers: number) => (state: HubSpotSandbox['state']) =>
    void seedSample(state, { customers, seed: 5 })
  portal = await startHubSpotSandbox({ clock: () => new Date(), portal: '4711', seed: seed(120) })
  other = await startHubSpotSandbox({
    clock: () => new Date(),
    portal: '4712',
    accountType: 'SANDBOX',
    seed: seed(20),
  })
})
afterAll(async () => {
  await Promise.all([portal.close(), other.close()])
  remove()
})

interface Made {
  readonly connection: string
  readonly customers: number
  readonly records: number
  readonly test: boolean
  readonly reconnected?: boolean
  readonly warnings: readonly string[]
}

describe('a HubSpot account connected from the command line', () => {
  const env = () => ({ HOLDFAST_DATA: at('data'), HUBSPOT_API_URL: portal.url })
  const run = (...args: string[]) => holdfast([...args, '--json'], { env: env() })
  const connect = (...args: string[]) => run('connect', 'hubspot', ...args)
  const token = () => write('token.txt', `${portal.privateAppToken()}\n`)

  it('says what it found, and connects nothing before somebody says who is a customer', async () => {
    expect((await run('company', 'Acme')).code).toBe(0)
    const unsaid = await connect('--token-file', token())
    expect(unsaid.code).toBe(2)
    expect(unsaid.err).toMatch(/HubSpot account 4711 \(a live account\), EUR, Europe\/Berlin/)
    expect(unsaid.err).toMatch(/monthly charges from mrr \(/)
    expect(unsaid.err).toMatch(/marked as sensitive in HubSpot and left out: iban/)
    expect(unsaid.err).toMatch(/Companies by Lifecycle Stage \(lifecyclestage\): customer \d+/)
    expect(unsaid.err).toMatch(/Say which companies are customers: --customers "lifecyclestage=customer/)
    expect(unsaid.err).toMatch(/subscription type "Customer Service Communication"/)
    expect((await run('sync')).out).toContain('"connections":[]')
  })

  it.each([
    [[], 2, /Say how to sign in to HubSpot/],
    [['--token-file', '/nowhere'], 3, /cannot be read \(ENOENT\)/],
    [['--customers', 'lifecyclestage=alumni'], 4, /Values of lifecyclestage that occur: customer \(/],
    [['--customers', 'stage=customer'], 4, /have no property "stage"/],
    [['--customers', 'everyone', '--renewals', 'Leases'], 2, /no deal pipeline "Leases"\. There are: /],
    [['--customers', 'everyone', '--subscription', 'Spam'], 2, /no subscription type "Spam"/],
  ])('refuses %j, and says what there is', async (args, code, message) => {
    const signIn = args.length === 0 || args[0] === '--token-file' ? [] : ['--token-file', token()]
    const refused = await connect(...signIn, ...args)
    expect(refused.err).toMatch(message)
    expect(refused.code).toBe(code)
  })

  it('takes the token from standard input, makes its fields, and reads, scores and writes the customers', async () => {
    const child = spawn(
      process.execPath,
      [
        launcher,
        'connect',
        'hubspot',
        '--token-file',
        '-',
        '--customers',
        'lifecyclestage=Customer',
        '--json',
      ],
      { env: plainEnvironment(env()), stdio: ['pipe', 'pipe', 'ignore'] },
    )
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stdin.end(portal.privateAppToken())
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0)
    const made = JSON.parse(out) as Made
    expect(made).toMatchObject({ connection: 'HubSpot 4711', test: false })
    expect(made.customers).toBeLessThan(made.records)
    // Nobody had said what the company reckons in: in dollars no amount of this account would be worth anything.
    expect(made).toMatchObject({ currency: 'EUR' })
    expect((await run('settings')).last).toMatchObject({ settings: { currency: { file: 'EUR' } } })
    expect(portal.state.property('companies', 'holdfast_risk_level')).not.toBeNull()

    const pass = await run('run')
    expect(pass.code, pass.err).toBe(0)
    const [{ steps }] = (pass.last as unknown as { connections: [{ steps: Record<string, object> }] })
      .connections
    expect(steps).toMatchObject({ write_back: { written: made.customers } })
    const scored = portal.state
      .ids('companies')
      .filter((id) => portal.state.value('companies', id, 'holdfast_risk_level'))
    expect(scored).toHaveLength(made.customers)
    expect(portal.state.count('tasks')).toBe(0)
  })

  it('refuses the same portal and object twice, takes the other object, and knows the portal by its id', async () => {
    const twice = await connect('--token-file', token(), '--customers', 'everyone')
    expect(twice.last.error).toMatchObject({ code: 'conflict' })
    expect(twice.err).toMatch(/connected already, as "HubSpot 4711"/)
    const contacts = await connect('--token-file', token(), '--object', 'contacts', '--customers', 'everyone')
    expect(contacts.code, contacts.err).toBe(0)
    expect(contacts.last).toMatchObject({ connection: 'HubSpot 4711 contacts' })
  })

  it('is set up anew while it works, by what is said without --customers', async () => {
    const changed = await connect('--token-file', token(), '--roles', 'CEO')
    expect(changed.code, changed.err).toBe(0)
    expect(changed.last).toMatchObject({ connection: 'HubSpot 4711', reconnected: true, changed: true })
    expect(changed.last).not.toHaveProperty('population')
  })

  it('says in doctor how the account stands', async () => {
    const { out } = await holdfast(['doctor'], { env: env() })
    expect(out).toMatch(/Portal 4711 \(STANDARD, EUR, Europe\/Berlin\) accepts our sign-in/)
    expect(out).toMatch(/The app may make all of the \d+ kinds of calls it needs/)
    expect(out).toMatch(/624,\d{3} of 625,000 are left/)
    expect(out).toMatch(/PUBLIC_URL is not set, so HubSpot cannot tell of changes/)
  })

  it('keeps a currency that somebody set, and says that the account has another', async () => {
    await run('company', 'Dollars')
    await run('settings', write('settings.json', '{"currency":{"file":"USD"}}'), '--company', 'Dollars')
    const strange = write('dollars.txt', other.privateAppToken())
    const made = await holdfast(
      [
        'connect',
        'hubspot',
        '--token-file',
        strange,
        '--company',
        'Dollars',
        '--customers',
        'everyone',
        '--json',
      ],
      { env: { ...env(), HUBSPOT_API_URL: other.url } },
    )
    expect(made.last).toMatchObject({ currency: null })
    expect((made.last as unknown as Made).warnings.join()).toMatch(
      /currency is EUR, and the settings reckon in USD/,
    )
    await run('disconnect', 'HubSpot 4712', '--company', 'Dollars')
  })

  it('is left and signed in to again with its customers, and paused when the token is of another account', async () => {
    const unmeant = await holdfast(['disconnect', 'HubSpot 4711', '--erase'], { env: env() })
    expect(unmeant.code).toBe(2)
    expect(unmeant.err).toContain('add --confirm "HubSpot 4711". Without --erase it stays')
    const left = await run('disconnect', 'HubSpot 4711')
    expect(left.last).toMatchObject({ connection: 'HubSpot 4711' })
    const again = await connect('--token-file', token())
    expect(again.last).toMatchObject({ connection: 'HubSpot 4711', reconnected: true })
    expect(again.last).not.toHaveProperty('population')
    // Who is a customer may be said anew with the sign-in; nobody's word is taken for no customer at all.
    await run('disconnect', 'HubSpot 4711')
    const wrong = await connect('--token-file', token(), '--customers', 'lifecyclestage=alumni')
    expect(wrong.err).toMatch(/Values of lifecyclestage that occur: customer \(/)
    const others = await connect('--token-file', token(), '--customers', 'lifecyclestage=lead')
    expect(others.last).toMatchObject({
      reconnected: true,
      population: { kind: 'property', property: 'lifecyclestage', values: ['lead'] },
    })
    const swapped = { ...env(), HUBSPOT_API_URL: other.url }
    const strange = write('other.txt', other.privateAppToken())
    // The address of another portal answers to the token that is stored for this one.
    other.state.setToken({ ...[...other.state.tokens().values()][0], token: portal.privateAppToken() })
    const pass = await holdfast(['sync', '--connection', 'HubSpot 4711', '--json'], { env: swapped })
    expect(pass.code).not.toBe(0)
    const { out } = await holdfast(['doctor'], { env: env() })
    expect(out).toMatch(/paused: The sign-in is for HubSpot account 4712, and this connection is for 4711/)
    const test = await holdfast(
      ['connect', 'hubspot', '--token-file', strange, '--customers', 'everyone', '--json'],
      { env: swapped },
    )
    expect(test.code, test.err).toBe(0)
    expect(test.last).toMatchObject({ connection: 'HubSpot 4712', test: true })
  })
})

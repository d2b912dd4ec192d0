import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { parseColumns } from '../../src/cli/setup.ts'
import { parsePopulation } from '../../src/control/setup.ts'
import {
  createWorkshop,
  csv,
  customers,
  holdfast,
  launcher,
  plainEnvironment,
  telcoHeader,
} from '../cli/command.ts'
import { startServerProcess, type ServerProcess } from './server-process.ts'

const { at, write, remove } = createWorkshop()
afterAll(remove)

/** Runs a command that reads standard input. */
function withInput(
  args: readonly string[],
  input: string,
  env: Record<string, string>,
): Promise<number | null> {
  const child = spawn(process.execPath, [launcher, ...args], {
    env: plainEnvironment(env),
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.stdin.end(input)
  return new Promise((resolve) => child.on('close', resolve))
}

describe('a company that was added before the first start', () => {
  it('waits for its owner, and is no sample', async () => {
    const env = { HOLDFAST_DATA: at('added') }
    expect((await holdfast(['company', 'Early'], { env })).code).toBe(0)
    const server = await startServerProcess(env)
    const settings = await holdfast(['settings', '--json'], { env })
    const pass = await holdfast(['sync', '--json'], { env })
    expect(await server.end()).toBe(0)
    expect(server.out()).not.toContain('sample')
    expect(settings.last).toMatchObject({ company: 'Early', version: 0 })
    expect(pass.out).toContain('"connections":[]')
  })
})

describe('an installation set up from the command line', () => {
  const env = { HOLDFAST_DATA: at('data') }
  const file = write('customers.csv', csv(telcoHeader, customers(300)))
  let server: ServerProcess
  const run = (...args: string[]) => holdfast([...args, '--json'], { env })

  it('connects a company to its file once somebody says who is a customer, and scores and shows it', async () => {
    expect((await run('company', 'Acme')).code).toBe(0)
    expect((await run('company', 'Acme')).last.error.code).toBe('conflict')
    const unsaid = await run('connect', file)
    expect(unsaid.code).toBe(2)
    expect(unsaid.err).toMatch(/Say which rows are customers: --customers everyone looks right/)
    const unknown = await run('connect', file, '--customers', 'stage=customer')
    expect(unknown.last.error).toMatchObject({ code: 'column_missing' })
    expect(unknown.err).toMatch(/Its columns: customerID, tenure/)
    const connected = await run('connect', file, '--customers', 'everyone', '--name', 'Book')
    expect(connected.code, connected.err).toBe(0)
    const pass = await run('run')
    expect(pass.code, pass.err).toBe(0)
    const [{ steps }] = (pass.last as unknown as { connections: [{ steps: Record<string, object> }] })
      .connections
    expect(steps).toMatchObject({
      sync: { added: 300 },
      score: { scored: 300 },
      // Not activated: decided and shown, and nothing is planned.
      decide: { decided: 300, planned: 0 },
      write_back: { written: 300 },
    })
    expect(readFileSync(at('customers.holdfast.csv'), 'utf8').split('\n')).toHaveLength(302)
  })

  it('does nothing when nothing changed, and hands over to a server that starts then', async () => {
    const pass = await run('run')
    const [{ steps }] = (pass.last as unknown as { connections: [{ steps: Record<string, object> }] })
      .connections
    expect(steps).toMatchObject({
      sync: { added: 0, changed: 0 },
      score: { scored: 0 },
      decide: { decided: 0 },
      write_back: { written: 0 },
    })
    server = await startServerProcess(env)
    expect(server.out()).not.toContain('sample')
  })

  it('keeps settings in versions and refuses what they cannot be', async () => {
    const shown = await run('settings')
    expect(shown.last).toMatchObject({ version: 0, settings: { delivery: { mode: 'dry_run' } } })
    writeFileSync(at('wrong.json'), '{"delivery":{"mode":"everybody"}}')
    const wrong = await run('settings', at('wrong.json'))
    expect(wrong.code).toBe(2)
    expect(wrong.err).toMatch(/delivery\.mode/)
    writeFileSync(at('right.json'), '{"sender":{"name":"Acme"}}')
    expect((await run('settings', at('right.json'))).last).toMatchObject({ version: 1 })
  })

  it('seals a secret that comes over standard input, and knows no other name', async () => {
    expect(await withInput(['secret', 'smtp-password'], 'hush\n', env)).toBe(0)
    expect(await withInput(['secret', 'password'], 'hush\n', env)).toBe(2)
    expect(await withInput(['secret', 'smtp-password'], '', env)).toBe(2)
  })

  it('makes a key for a company that it names, and says what a scope or role may be', async () => {
    const { code, err } = await holdfast(['key', 'billing'], { env })
    expect(code).toBe(0)
    expect(err).toMatch(/A key for Acme, shown this once/)
    const scope = await run('key', 'billing', '--scopes', 'score,everything')
    expect(scope.code).toBe(2)
    expect(scope.last.error).toMatchObject({ code: 'usage' })
    expect(scope.err).toMatch(/Correct scopes \(it takes score, read, write/)
    expect((await run('sign-in', '--role', 'king')).err).toMatch(/Correct role \(it takes viewer, /)
    expect((await run('company', '')).code).toBe(2)
  })

  it('looks whether anything can be sent, and in which currency customers pay', async () => {
    writeFileSync(at('live.json'), '{"currency":{"file":"JPY"},"delivery":{"mode":"test_list"}}')
    expect((await run('settings', at('live.json'))).code).toBe(0)
    expect((await run('activate')).code).toBe(0)
    const doctor = await holdfast(['doctor'], { env })
    expect(doctor.code).toBe(7)
    expect(doctor.out).toMatch(/FAILED {2}Acme: sending: Nothing can be sent yet\. Missing: PUBLIC_URL/)
    expect(doctor.out).toMatch(/look {4}Acme: currency: .*300 in USD; currency\.file is JPY/)
    expect((await run('settings', at('right.json'))).code).toBe(0)
    expect((await holdfast(['doctor'], { env })).out).not.toMatch(/Acme: currency/)
  })

  it('says of an address to move to that it is the option that is wrong', async () => {
    const { code, err } = await holdfast(['move', '--to', 'nowhere'], { env })
    expect(code).toBe(2)
    expect(err).toMatch(/--to cannot be used: must be like postgres:/)
  })

  it('says what activating means, and what it does not yet do', async () => {
    const { code, err } = await holdfast(['activate'], { env })
    expect(code).toBe(0)
    expect(err).toMatch(/It is a dry run/)
  })

  it('changes the master key only while no server runs', async () => {
    const rekeyed = await run('rekey')
    expect(rekeyed.code).toBe(7)
    expect(rekeyed.err).toMatch(/Stop it first/)
    expect(await server.end()).toBe(0)
  })

  it('gives it another master key, with which everything opens', async () => {
    const before = readFileSync(at('data/master.key'), 'utf8')
    const rekeyed = await run('rekey')
    expect(rekeyed.code, rekeyed.err).toBe(0)
    expect(readFileSync(at('data/master.key'), 'utf8')).not.toBe(before)
    const doctor = await run('doctor')
    expect(doctor.code, doctor.out).toBe(0)
    const old = await holdfast(['doctor'], { env: { ...env, HOLDFAST_MASTER_KEY: before.trim() } })
    expect(old.code).toBe(7)
    expect(old.err).toMatch(/were sealed with the master key/)
  })
})

describe('columns that are not found by themselves', () => {
  it('are named with their headers, and no others', () => {
    expect(parseColumns('id=Nr, email = E-Mail=neu')).toEqual({ idColumn: 'Nr', emailColumn: 'E-Mail=neu' })
    for (const wrong of ['', 'id', 'id=', 'colour=x'])
      expect(() => parseColumns(wrong)).toThrow(/--columns takes/)
  })
})

describe('who is a customer, as it is said on the command line', () => {
  it('is everyone, or those whose column has one of the values', () => {
    expect(parsePopulation('everyone')).toEqual({ kind: 'everyone' })
    expect(parsePopulation('type = customer, client=direct')).toEqual({
      kind: 'property',
      property: 'type',
      values: ['customer', 'client=direct'],
    })
  })

  it.each(['', 'type', 'type=', '=customer', 'type=a,,b'])('cannot be "%s"', (said) => {
    expect(() => parsePopulation(said)).toThrow(/--customers takes/)
  })
})

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createWorkshop, holdfast } from '../cli/command.ts'
import { startServerProcess, type ServerProcess } from './server-process.ts'

const { at, remove } = createWorkshop()
afterAll(remove)

/** A browser as far as a test needs one: it signs in and keeps the cookie. */
async function signedIn(server: ServerProcess): Promise<(path: string) => Promise<Response>> {
  const token = new URL(server.signIn).searchParams.get('token')!
  const answer = await fetch(`${server.url}/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: server.url },
    body: new URLSearchParams({ token }),
  })
  expect(answer.status).toBe(303)
  const cookie = answer.headers.getSetCookie()[0].split(';')[0]
  return (path) => fetch(server.url + path, { headers: { cookie }, redirect: 'manual' })
}

async function until<T>(look: () => Promise<T | null>, seconds = 60): Promise<T> {
  const end = performance.now() + seconds * 1000
  for (;;) {
    const found = await look()
    if (found !== null) return found
    if (performance.now() > end) throw new Error(`Not within ${seconds} s.`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

interface Step {
  readonly company: string
  readonly steps: Readonly<Record<string, Readonly<Record<string, number>>>>
}

describe('holdfast serve, on an empty folder with nothing configured', () => {
  let server: ServerProcess
  const env = { HOLDFAST_DATA: at('fresh') }
  beforeAll(async () => {
    server = await startServerProcess(env)
  })
  afterAll(() => server.end('SIGKILL'))

  it('says where it is and how to sign in, and keeps its folder to itself', () => {
    expect(server.out()).toMatch(
      /^Holdfast is at http:\/\/localhost:\d+\nSign in \(once, within 15 minutes\): http/,
    )
    expect(server.out()).toContain('A sample company is being synced from a HubSpot sandbox')
    const mode = execFileSync('stat', ['-c', '%a', at('fresh')], { encoding: 'utf8' }).trim()
    expect(mode).toBe('700')
  })

  it('lets nobody in without the link, and the link in once', async () => {
    expect((await fetch(`${server.url}/v1/customers`)).status).toBe(401)
    const ask = await signedIn(server)
    expect((await ask('/v1/customers?limit=1')).status).toBe(200)
    const again = await fetch(`${server.url}/sign-in`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: server.url },
      body: new URLSearchParams({ token: new URL(server.signIn).searchParams.get('token')! }),
    })
    expect(again.status).toBe(401)
  })

  it('has the whole loop done by itself over a HubSpot sandbox: e-mails and tasks leave, records and timelines show it', async () => {
    const link = await holdfast(['sign-in', '--json'], { env })
    const ask = await signedIn({ ...server, signIn: (link.last as unknown as { link: string }).link })
    const read = async (path: string) =>
      (await (await ask(path)).json()) as { items: Record<string, never>[]; next?: string | null }
    const readAll = async (state: string): Promise<readonly Record<string, never>[]> => {
      const all: Record<string, never>[] = []
      for (let cursor: string | null = ''; cursor !== null;) {
        const of: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
        const page = await read(`/v1/interventions?limit=200&state=${state}${of}`)
        all.push(...page.items)
        cursor = page.next ?? null
      }
      return all
    }
    // Offers and calls are tasks, on the lists of those who are responsible.
    await until(async () => {
      const gone = [...(await readAll('sent')), ...(await readAll('confirmed'))]
      const actions = new Set(gone.map(({ channel, actionKey }) => `${channel} ${actionKey}`))
      const all = ['email email', 'task discount_10', 'task call_discount_30']
      return all.every((one) => actions.has(one)) ? gone : null
    })
    const written = await until(async () => {
      const { items: runs } = await read('/v1/runs?limit=100')
      const ran = runs.filter(({ status }) => status === 'done')
      const steps = new Set(ran.map(({ step }) => step as string))
      const logged = ran.some(({ counts }) => (counts as Record<string, number>)['logged'] > 0)
      const all = ['sync', 'refresh', 'score', 'decide', 'write_back'].every((step) => steps.has(step))
      // In one go or several, as scores come in.
      const records = ran.map(({ counts }) => (counts as Record<string, number>)['written'] ?? 0)
      return all && logged && records.reduce((sum, one) => sum + one, 0) > 1900 ? ran : null
    })
    expect(written.length).toBeGreaterThan(4)
    const { items: customers } = await read('/v1/customers?limit=5')
    expect(customers).toHaveLength(5)
    expect(existsSync(at('fresh/sandbox/hubspot.journal'))).toBe(true)
    const { items: connections } = await read('/v1/connections')
    expect(connections).toMatchObject([
      { name: 'HubSpot sandbox', builtIn: true, events: { how: 'journal', lastAt: expect.any(String) } },
    ])
    expect((connections[0] as unknown as { made: { tasks: number } }).made.tasks).toBeGreaterThan(0)
    const page = await (await ask('/app')).text()
    expect(page).toContain('<div id="app"')
  })

  it('has a second company on Salesforce beside it, which the same link leads to', async () => {
    const link = await holdfast(['sign-in', '--json', '--company', 'Sample company on Salesforce'], { env })
    const ask = await signedIn({ ...server, signIn: (link.last as unknown as { link: string }).link })
    const runs = await until(async () => {
      const { items } = (await (await ask('/v1/runs?limit=100')).json()) as { items: Record<string, never>[] }
      const written = items.filter(({ step, status }) => step === 'write_back' && status === 'done')
      return written.length > 0 ? items : null
    }, 90)
    const written = runs.map(({ counts }) => (counts as Record<string, number>)['written'] ?? 0)
    expect(Math.max(...written)).toBeGreaterThan(500)
    const connection = await until(async () => {
      const { items } = (await (await ask('/v1/connections')).json()) as {
        items: { name: string; events: { how: string; lastAt: string | null }; made: { tasks: number } }[]
      }
      return items[0].made.tasks > 0 && items[0].events.lastAt !== null ? items[0] : null
    })
    expect(connection).toMatchObject({
      name: 'Salesforce sandbox',
      events: { how: 'stream' },
    })
    const session = (await (await ask('/v1/session')).json()) as {
      company: { name: string }
      companies: unknown[]
    }
    expect(session.company.name).toBe('Sample company on Salesforce')
    expect(session.companies).toHaveLength(1)
    expect(existsSync(at('fresh/sandbox/salesforce.journal'))).toBe(true)
  })

  it('lets a month pass in the sandboxes, and what changed there is found and scored', async () => {
    const passed = await holdfast(['sandbox', 'month'], { env })
    expect(passed.code, passed.err).toBe(0)
    expect(passed.out).toMatch(/A month has passed in the HubSpot sandbox; it is \d{4}-\d{2}-\d{2} there/)
    expect(passed.out).toMatch(/A month has passed in the Salesforce sandbox/)
    const run = await holdfast(['sync', '--json'], { env })
    const [{ steps }] = (run.last as unknown as { connections: Step[] }).connections
    const { unchanged: _unchanged, ...moved } = steps['sync']
    expect(Object.values(moved).reduce((sum, many) => sum + many, 0)).toBeGreaterThan(0)
  })

  it('answers commands while it holds the data', async () => {
    const doctor = await holdfast(['doctor'], { env })
    expect(doctor.out).toMatch(/Embedded, for one process/)
    expect(doctor.out).not.toMatch(/FAILED/)
    expect(doctor.code).toBe(0)
    const run = await holdfast(['run', '--json'], { env })
    expect(run.code).toBe(0)
    const { connections } = run.last as unknown as { connections: Step[] }
    const steps = ['sync', 'refresh', 'score', 'decide', 'write_back', 'observe', 'solve']
    expect(connections.map((one) => Object.keys(one.steps))).toEqual([steps, steps])
  })

  it('is the only one on its folder: a second one says who holds it, and loses nothing', async () => {
    const second = await holdfast(['serve'], { env: { ...env, PORT: '0' } })
    expect(second.code).toBe(7)
    expect(second.err).toMatch(/is open in process \d+ since .*DATABASE_URL/)
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  })

  it('writes a backup while it runs, which is restored elsewhere and starts paused', async () => {
    const made = await holdfast(['backup', at('all.gz')], { env })
    expect(made.code, made.err).toBe(0)
    expect(made.err).toMatch(/master key/)
    const elsewhere = { HOLDFAST_DATA: at('elsewhere') }
    const restored = await holdfast(['restore', at('all.gz')], { env: elsewhere })
    expect(restored.code, restored.err).toBe(0)
    expect(restored.err).toMatch(/paused until you have looked/)
    // The secrets in it are sealed with the key of the first folder.
    mkdirSync(at('elsewhere'), { recursive: true })
    const key = readFileSync(at('fresh/master.key'), 'utf8').trim()
    const doctor = await holdfast(['doctor'], { env: { ...elsewhere, HOLDFAST_MASTER_KEY: key } })
    expect(doctor.out + doctor.err).toMatch(/Paused, so nothing is sent for anybody/)
    // Sign-ins to the sandboxes were renewed after the backup was made, so nobody there can be asked what had gone out.
    const again = { env: { ...elsewhere, HOLDFAST_MASTER_KEY: key } }
    const refused = await holdfast(['resume'], again)
    expect(refused.code, refused.err).toBe(2)
    expect(refused.err).toMatch(/Everything stays paused.*--anyway/)
    const resumed = await holdfast(['resume', '--anyway'], again)
    expect(resumed.code, resumed.err).toBe(0)
  })

  it('refuses to restore over a server that runs', async () => {
    const { code, err } = await holdfast(['restore', at('all.gz')], { env })
    expect(code).toBe(7)
    expect(err).toMatch(/Stop it first/)
  })

  it('ends in order on SIGTERM, and starts again on the same data', async () => {
    expect(await server.end()).toBe(0)
    expect(server.log()).toMatch(/what runs is brought to an end/)
    server = await startServerProcess(env)
    expect(server.out()).not.toContain('A sample company is being')
    // Both sandboxes are hosted again, and nobody has to sign in anew.
    const doctor = await holdfast(['doctor'], { env })
    expect(doctor.out).toMatch(/Salesforce sandbox, Salesforce org: Org .* accepts our sign-in/)
    expect(doctor.out).not.toMatch(/FAILED/)
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    await server.end()
  })

  it('makes no new master key for what is sealed with another, and says what is lost without it', async () => {
    execFileSync('mv', [at('fresh/master.key'), at('kept.key')])
    const { code, err } = await holdfast(['serve'], { env: { ...env, PORT: '0' } })
    expect(code).toBe(7)
    expect(err).toMatch(/sealed with the master key [0-9a-f]+, and there is none here.*Put the file back/)
    expect(existsSync(at('fresh/master.key'))).toBe(false)
  })
})

describe('holdfast serve, where something is in its way', () => {
  it('names the port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as AddressInfo
    const { code, err } = await holdfast(['serve'], {
      env: { HOLDFAST_DATA: at('port'), PORT: String(port) },
    })
    other.close()
    expect(code).toBe(7)
    expect(err).toMatch(new RegExp(`Port ${port} .* is in use .* PORT`))
  })

  it.each([
    ['postgres://nobody@127.0.0.1:1/holdfast', 7, /cannot be reached|refused/i],
    ['mysql://here', 2, /DATABASE_URL cannot be used: must be like postgres:\/\//],
  ])('says what is wrong with DATABASE_URL=%s', async (url, code, message) => {
    const outcome = await holdfast(['serve'], {
      env: { HOLDFAST_DATA: at('url'), DATABASE_URL: url, PORT: '0' },
    })
    expect(outcome.err).toMatch(message)
    expect(outcome.code).toBe(code)
  })

  it('splits roles only over a database that others reach', async () => {
    const { code, err } = await holdfast(['serve', '--role', 'worker'], {
      env: { HOLDFAST_DATA: at('role') },
    })
    expect(code).toBe(2)
    expect(err).toMatch(/set DATABASE_URL/)
    const unknown = await holdfast(['serve', '--role', 'cook'], { env: { HOLDFAST_DATA: at('role') } })
    expect(unknown.code).toBe(2)
    expect(unknown.err).toMatch(/--role takes all, web, worker, scheduler, not "cook"/)
  })
})

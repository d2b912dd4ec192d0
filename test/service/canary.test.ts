/**
 * Words that stand nowhere else, in every field that is about a person or opens a door; then everything that a service
 * lets out beside its answers is read: log, output, metrics, jobs, errors, addresses.
 */
import { spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/store/open.ts'
import { createWorkshop, csv, holdfast, launcher, plainEnvironment } from '../cli/command.ts'
import { startServerProcess, type ServerProcess } from './server-process.ts'
import { ownPage } from '../support/own-page.ts'

const { at, write, remove } = createWorkshop()
afterAll(remove)

/** What nothing of ours is ever called. */
const WORD = {
  name: 'Quetzalcoatlus',
  mailbox: 'xylotomous.vug',
  phone: '491705550143',
  property: 'Zyzzogeton note',
  text: 'Brachypterous greeting',
  company: 'Kakapoletta',
  password: 'hunter-fjordwaltz-9',
  searched: 'vextquiz.nymph',
  reason: 'Glyphjocks reason',
} as const

const env = { HOLDFAST_DATA: at('data'), LOG_LEVEL: 'trace' }
const SETTINGS = {
  delivery: { mode: 'sandbox', approval: { discounts: false, calls: false } },
  sender: { name: WORD.company, address: `${WORD.mailbox}@sender.example`, postalAddress: '1 Main Street' },
  guard: Object.fromEntries(
    ['email', 'sms', 'call'].map((kind) => [kind, { from: '00:00', to: '24:00', days: 'every' }]),
  ),
  templates: {
    en: {
      email: {
        subject: `${WORD.text} {{ recipient.name }}`,
        text: `${WORD.text}, {{ recipient.name }}. {{ unsubscribe_url }} {{ sender.postal_address }}`,
        html: `<p>${WORD.text}, {{ recipient.name }}.</p><p><a href="{{ unsubscribe_url }}">Unsubscribe</a> {{ sender.postal_address }}</p>`,
      },
    },
  },
}

const header = ['customerID', 'name', 'email', 'phone', 'tenure', 'MonthlyCharges', 'Contract', 'ok', 'note']
const rows = Array.from({ length: 60 }, (_, i) => [
  `c-${i}`,
  `${WORD.name} ${i}`,
  `${WORD.mailbox}${i}@people.example`,
  `+${WORD.phone}`,
  1 + (i % 12),
  80 + i,
  'Month-to-month',
  'yes',
  WORD.property,
])

let server: ServerProcess
let cookie = ''
/** Everything that was answered with an error, and every address that an answer led to. */
const refusals: string[] = []
const addresses: string[] = []
let key = ''
let delivered = 0

const run = (...args: string[]) => holdfast([...args, '--json'], { env })

async function seal(name: string, value: string): Promise<void> {
  const child = spawn(process.execPath, [launcher, 'secret', name], {
    env: plainEnvironment(env),
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.stdin.end(`${value}\n`)
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0)
}

interface Asked {
  readonly body?: unknown
  readonly by?: 'key' | 'cookie' | 'nobody'
}

async function ask(method: string, path: string, { body, by = 'cookie' }: Asked = {}): Promise<Response> {
  const form = body instanceof URLSearchParams
  const answer = await fetch(server.url + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(by === 'cookie' ? ownPage(cookie) : {}),
      ...(by === 'key' ? { authorization: `Bearer ${key}` } : {}),
      ...(body === undefined || form ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
  })
  const text = await answer.clone().text()
  if (answer.status >= 400) refusals.push(`${answer.status} ${text}`)
  addresses.push(
    answer.headers.get('location') ?? '',
    ...[...text.matchAll(/\b(?:href|action|src)="([^"]*)"/g)].map(([, to]) => to),
  )
  return answer
}

const json = async <Body>(answer: Promise<Response>): Promise<Body> => (await answer).json() as Promise<Body>

beforeAll(async () => {
  const file = write('people.csv', csv(header, rows))
  expect((await run('company', WORD.company)).code).toBe(0)
  const columns = 'name=name,email=email,phone=phone,emailConsent=ok,smsConsent=ok,callConsent=ok'
  const connected = await run(
    'connect',
    file,
    '--customers',
    'everyone',
    '--name',
    'Book',
    '--columns',
    columns,
  )
  expect(connected.code, connected.err).toBe(0)
  const settings = await run('settings', write('settings.json', JSON.stringify(SETTINGS)))
  expect(settings.code, settings.err).toBe(0)
  expect((await run('activate')).code).toBe(0)
  server = await startServerProcess(env)
  await seal('smtp-password', WORD.password)
  const token = new URL(server.signIn).searchParams.get('token')!
  const signedIn = await ask('POST', '/sign-in', { body: new URLSearchParams({ token }), by: 'nobody' })
  cookie = signedIn.headers.getSetCookie()[0].split(';')[0]
  const made = await run('key', 'canary', '--scopes', 'score,read,write,export,admin')
  key = (made.last as unknown as { key: string }).key
  const pass = await run('run')
  expect(pass.code, pass.err).toBe(0)
}, 240_000)

/** What people and programs do in a day, and what they get wrong. */
async function live(): Promise<void> {
  const { items } = await json<{ items: { id: number; name: string }[] }>(ask('GET', '/v1/customers?limit=5'))
  expect(items[0].name).toContain(WORD.name)
  for (const { id } of items) {
    await ask('POST', '/v1/interventions', { by: 'key', body: { customer: id, action: 'email' } })
    const planned = await fetch(`${server.url}/v1/interventions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'idempotency-key': `canary-${id}`,
      },
      body: JSON.stringify({ customer: id, action: 'email' }),
    })
    expect([201, 409]).toContain(planned.status)
    await ask('GET', `/v1/customers/${id}`)
    await ask('POST', `/v1/customers/${id}/holds`, { body: { reason: WORD.reason } })
    await ask('POST', `/v1/customers/${id}/holds/release`)
  }
  const passed = await run('run')
  expect(passed.code, passed.err).toBe(0)
  const seen = await json<{ items: { id: string; state: string }[] }>(
    ask('GET', '/v1/interventions?limit=50'),
  )
  delivered = seen.items.filter(({ state }) => state === 'sent' || state === 'confirmed').length
  for (const { id } of seen.items.slice(0, 5)) {
    await ask('GET', `/v1/interventions/${id}`)
    for (const verb of ['approve', 'reject', 'cancel', 'snooze'])
      await ask('POST', `/v1/interventions/${id}/${verb}`, { body: { reason: WORD.reason, days: 'x' } })
  }
  for (const path of ['/app', '/inbox', '/texts', '/docs', '/v1/exports/customers', '/v1/suppressed'])
    await ask('GET', path)
  await ask('POST', '/v1/preview', { body: {} })
  await ask('POST', '/v1/score', {
    by: 'key',
    body: { customers: [{ id: WORD.name, properties: { note: WORD.property } }] },
  })
  for (const [path, body] of [
    ['/v1/people-data/search', { email: `${WORD.searched}@people.example` }],
    ['/v1/people-data/search', { email: WORD.mailbox }],
    ['/v1/people-data/search', { nobody: 1 }],
    ['/v1/data-exports', { person: { phone: `+${WORD.phone}` } }],
    ['/v1/erasures', { person: { email: `${WORD.searched}@people.example` }, fingerprint: 'x' }],
    ['/v1/pause', { reason: WORD.reason }],
    ['/v1/resume', {}],
  ] as const)
    await ask('POST', path, { body })
  const found = await json<{ fingerprint: string }>(
    ask('POST', '/v1/people-data/search', { body: { customer: items[0].id } }),
  )
  const erased = await ask('POST', '/v1/erasures', {
    body: { person: { customer: items[0].id }, fingerprint: found.fingerprint },
  })
  expect(erased.status).toBe(201)
  // Wrong in every way that quotes something back.
  for (const path of ['/v1/customers/x', '/v1/nothing', '/v1/customers?limit=x', '/u/x.y', '/sms/x/status'])
    for (const by of ['key', 'cookie', 'nobody'] as const) await ask('GET', path, { by })
  await ask('POST', '/sign-in', { by: 'nobody', body: new URLSearchParams({ token: 'wrong' }) })
  await run('run')
}

/** The jobs of the queue, with whatever is kept of those that ended. */
async function jobs(): Promise<string> {
  const database = await openDatabase({ url: null, folder: at('data') })
  try {
    const tables = await database.asSystem('a test', (tx) =>
      tx.query<{ name: string }>(
        `select table_name as name from information_schema.tables where table_schema = 'bullmq' and table_type = 'BASE TABLE'`,
      ),
    )
    const found: string[] = []
    for (const { name } of tables) {
      const held = await database.asSystem('a test', (tx) =>
        tx.query(`select to_jsonb(t) as row from bullmq."${name}" t`),
      )
      found.push(JSON.stringify(held))
    }
    expect(tables.length).toBeGreaterThan(1)
    expect(found.join('').length).toBeGreaterThan(100)
    return found.join('\n')
  } finally {
    await database.close()
  }
}

const WORDS = new RegExp(
  Object.values(WORD)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('|'),
  'i',
)
/** The lines that one of the words is in. */
const tattling = (text: string): string[] => text.split('\n').filter((line) => WORDS.test(line))

describe('a service with people in it, at the most talkative level of its log', () => {
  it('lets nothing of them out: not in log, output, metrics, errors, addresses or jobs', async () => {
    try {
      await live()
      const metrics = await fetch(`${server.url}/metrics`, { headers: { cookie } })
      expect(metrics.status).toBe(200)
      expect(tattling(await metrics.text())).toEqual([])
      // They were there to be seen: mails left, lines were written, refusals came.
      expect(delivered).toBeGreaterThan(0)
      expect(server.log().split('\n').length).toBeGreaterThan(100)
      expect(refusals.length).toBeGreaterThan(20)
      expect(addresses.length).toBeGreaterThan(50)
      expect(tattling(server.log())).toEqual([])
      expect(tattling(server.out())).toEqual([])
      expect(tattling(refusals.join('\n'))).toEqual([])
      expect(tattling(addresses.join('\n'))).toEqual([])
      for (const secret of [key, cookie.split('=')[1]]) {
        expect(server.log()).not.toContain(secret)
        expect(refusals.join('\n')).not.toContain(secret)
      }
    } finally {
      await server.end()
    }
    expect(tattling(server.log())).toEqual([])
    expect(tattling(await jobs())).toEqual([])
  }, 240_000)

  it('would be seen if it did: the words are looked for as they are written', () => {
    expect(tattling(`a\n{"to":"${WORD.mailbox.toUpperCase()}3@people.example"}\nb`)).toHaveLength(1)
  })
})

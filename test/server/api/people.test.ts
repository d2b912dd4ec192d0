import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TenantId } from '../../../src/contracts/ids.ts'
import {
  invitationAnswer,
  peopleAnswer,
  personAnswer,
  type PersonAnswer,
} from '../../../src/server/api/people.ts'
import { apiRoutes } from '../../../src/server/api/routes.ts'
import { changePerson, removePerson } from '../../../src/security/people.ts'
import { openSessions } from '../../../src/security/sessions.ts'
import { listAudit } from '../../../src/store/audit.ts'
import type { Database } from '../../../src/store/database.ts'
import { addTenant, databaseKind, openTestDatabase } from '../../support/database.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { asking, comesIn, cookieOf, invite, openLink, owner, type Asking } from '../signing.ts'

interface Listed {
  readonly counts: Readonly<Record<string, number>>
  readonly items: readonly PersonAnswer[]
  readonly next: string | null
}

let database: Database
let server: TestServer
let tenant: TenantId
let ask: Asking

beforeAll(async () => {
  database = await openTestDatabase()
  server = await startTestServer(database, apiRoutes)
})
afterAll(async () => {
  await server.close()
  await database.close()
})
beforeEach(async () => {
  tenant = await addTenant(database)
  ask = asking(server, await owner(server, tenant))
})

const list = async (query = '') => (await ask<Listed>('GET', `/v1/people${query}`)).body
const audit = async () =>
  (await database.withTenant(tenant, (tx) => listAudit(tx)))
    .filter(({ action }) => action.startsWith('person.'))
    .map(({ actor, action, object, detail }) => ({ actor, action, object, detail }))
const roleOf = async (cookie: string) => {
  const { status, body } = await ask<{ role?: string }>('GET', '/v1/session', undefined, cookie)
  return status === 200 ? body.role : status
}

describe(`people of a company (${databaseKind})`, () => {
  it('are invited with a link that is shown once and signs in once, within two days', async () => {
    const made = await ask('POST', '/v1/people', {
      email: ' Ines.Vogt@NORDLICHT.example ',
      name: 'Ines Vogt',
      role: 'operator',
    })
    expect(made.status).toBe(201)
    const { person, link, validHours } = invitationAnswer.strict().parse(made.body)
    expect(person).toMatchObject({
      email: 'ines.vogt@nordlicht.example',
      role: 'operator',
      lastSignInAt: null,
    })
    expect(validHours).toBe(48)
    expect((await ask('GET', '/v1/people')).text).not.toContain(new URL(link).searchParams.get('token'))
    const answer = await openLink(server, link)
    expect(answer.status).toBe(303)
    expect((await openLink(server, link)).status).toBe(401)
    const me = (await ask('GET', '/v1/session', undefined, cookieOf(answer))).body
    expect(me).toMatchObject({ name: 'Ines Vogt', email: person.email, person: person.id, role: 'operator' })
    const [listed] = (await list()).items
    expect(personAnswer.strict().parse(listed)).toEqual(listed)
    expect(listed.lastSignInAt).not.toBeNull()
    expect(await audit()).toEqual([
      {
        actor: 'user:admin',
        action: 'person.invite',
        object: person.email,
        detail: { name: 'Ines Vogt', role: 'operator' },
      },
    ])

    const late = await invite(ask, 'late@nordlicht.example', 'viewer')
    const age = (hours: number) =>
      database.withTenant(tenant, (tx) =>
        tx.query(
          `update sign_in_links set expires_at = expires_at - interval '${hours} hours' where used_at is null`,
        ),
      )
    await age(47)
    expect(
      (await openLink(server, (await invite(ask, 'in.time@nordlicht.example', 'viewer')).link)).status,
    ).toBe(303)
    await age(2)
    expect((await openLink(server, late.link)).status).toBe(401)
  })

  it('are refused for what is no address, no role or more than was asked for, and twice', async () => {
    const post = async (body: object) => (await ask('POST', '/v1/people', body)).status
    const whole = { email: 'ann@example.com', name: 'Ann', role: 'viewer' }
    for (const [wrong, status] of [
      [{ ...whole, email: 'ann' }, 400],
      [{ ...whole, email: 'ann@example.com\r\nBcc: all@example.com' }, 400],
      [{ ...whole, role: 'owner' }, 400],
      [{ ...whole, name: ' ' }, 400],
      [{ ...whole, installation: true }, 400],
      [{ ...whole, tenant: randomUUID() }, 400],
      [{ email: whole.email }, 400],
      [whole, 201],
      [whole, 409],
      [{ ...whole, email: 'ANN@example.com' }, 409],
    ] as const)
      expect(await post(wrong), JSON.stringify(wrong)).toBe(status)
  })

  it('are listed by name, page by page, by role, and as a file that no spreadsheet runs', async () => {
    for (const name of ['Cleo', 'Ann', '=Bob()', 'ann'])
      await invite(ask, `${randomUUID()}@example.com`, name === 'Cleo' ? 'admin' : 'viewer', name)
    const first = await list('?limit=3')
    const rest = await list(`?limit=3&cursor=${first.next}`)
    expect([...first.items, ...rest.items].map(({ name }) => name.toLowerCase())).toEqual([
      '=bob()',
      'ann',
      'ann',
      'cleo',
    ])
    expect(rest.next).toBeNull()
    expect((await list('?role=admin')).items.map(({ name }) => name)).toEqual(['Cleo'])
    const file = await ask('GET', '/v1/people?format=csv')
    expect(file.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    const lines = file.text.trim().split('\n')
    expect(lines[0]).toMatch(/^name,email,role,/)
    expect(lines).toHaveLength(5)
    expect(file.text).toContain("'=Bob()")
  })

  it('are counted by role whatever is listed, and each count leads to its rows', async () => {
    await invite(ask, 'cleo@example.com', 'viewer')
    await comesIn(server, ask, 'ann@example.com', 'operator')
    const gone = await comesIn(server, ask, 'bo@example.com', 'viewer')
    await ask('DELETE', `/v1/people/${gone.id}`)
    const { body } = await ask('GET', '/v1/people?limit=1&role=viewer')
    expect(peopleAnswer.strict().parse(body).counts).toEqual({
      viewer: 1,
      operator: 1,
      admin: 0,
      removed: 1,
      neverSignedIn: 1,
    })
    const emails = async (query: string) => (await list(query)).items.map(({ email }) => email)
    expect(await emails('?role=operator')).toEqual(['ann@example.com'])
    expect(await emails('?signedIn=never')).toEqual(['cleo@example.com'])
    expect(await emails('?signedIn=yes')).toEqual(['ann@example.com'])
    expect(await emails('?removed=true')).toEqual(['bo@example.com'])
  })

  it('have another role at once, in the session that they have', async () => {
    const ann = await comesIn(server, ask, 'ann@example.com', 'viewer')
    expect(await roleOf(ann.cookie)).toBe('viewer')
    expect((await ask('GET', '/v1/people', undefined, ann.cookie)).status).toBe(403)
    const changed = await ask('PATCH', `/v1/people/${ann.id}`, { role: 'admin', name: 'Ann B.' })
    expect(changed.body).toMatchObject({ role: 'admin', name: 'Ann B.' })
    expect(await roleOf(ann.cookie)).toBe('admin')
    expect((await ask('GET', '/v1/people', undefined, ann.cookie)).status).toBe(200)
    await comesIn(server, ask, 'bob@example.com', 'admin')
    await ask('PATCH', `/v1/people/${ann.id}`, { role: 'viewer' })
    expect((await ask('GET', '/v1/people', undefined, ann.cookie)).status).toBe(403)
    expect((await ask('PATCH', `/v1/people/${ann.id}`, {})).status).toBe(400)
    const [last, , renamed, role] = await audit()
    expect([last.detail, renamed.detail, role.detail]).toEqual([
      { from: 'admin', to: 'viewer' },
      { from: 'ann@example.com', to: 'Ann B.' },
      { from: 'viewer', to: 'admin' },
    ])
  })

  it('who are removed are out at once, with every session and every link, and keep their name', async () => {
    const ann = await comesIn(server, ask, 'ann@example.com', 'operator', 'Ann')
    const again = cookieOf(await openLink(server, await newLink(ann.id)))
    const unused = await newLink(ann.id)
    expect([await roleOf(ann.cookie), await roleOf(again)]).toEqual(['operator', 'operator'])
    expect((await ask('DELETE', `/v1/people/${ann.id}`)).status).toBe(204)
    expect([await roleOf(ann.cookie), await roleOf(again)]).toEqual([401, 401])
    expect((await openLink(server, unused)).status).toBe(401)
    expect((await list()).items).toEqual([])
    expect((await list('?removed=true')).items[0]).toMatchObject({ name: 'Ann', email: 'ann@example.com' })
    for (const [method, path] of [
      ['PATCH', `/v1/people/${ann.id}`],
      ['DELETE', `/v1/people/${ann.id}`],
      ['POST', `/v1/people/${ann.id}/link`],
      ['DELETE', `/v1/people/${ann.id}/sessions`],
    ] as const)
      expect((await ask(method, path, method === 'PATCH' ? { role: 'admin' } : undefined)).status).toBe(404)
    expect((await audit())[0]).toMatchObject({
      action: 'person.remove',
      object: 'ann@example.com',
      detail: { role: 'operator', sessions: 2 },
    })
    // Invited again they are new, and what they had before opens nothing.
    await invite(ask, 'ann@example.com', 'viewer')
    expect((await list()).items[0]).toMatchObject({ id: ann.id, role: 'viewer', lastSignInAt: null })
    // Asked of one who remembers nothing.
    const elsewhere = openSessions(database, { now: () => performance.now() })
    expect(await elsewhere.verify(ann.cookie.split('=')[1])).toBeNull()
  })

  it('have one link at a time', async () => {
    const ann = await invite(ask, 'ann@example.com', 'viewer')
    const next = await newLink(ann.id)
    expect((await openLink(server, ann.link)).status).toBe(401)
    expect((await openLink(server, next)).status).toBe(303)
  })

  it('come in as what they are when they open the link, not as what they were when it was made', async () => {
    const ann = await invite(ask, 'ann@example.com', 'admin')
    await ask('PATCH', `/v1/people/${ann.id}`, { role: 'viewer' })
    expect(await roleOf(cookieOf(await openLink(server, ann.link)))).toBe('viewer')
  })

  it('are never without an admin who has signed in, also when two remove one another at the same time', async () => {
    const mistyped = await invite(ask, 'an@example.com', 'admin')
    const ann = await comesIn(server, ask, 'ann@example.com', 'admin')
    for (const [method, body] of [
      ['PATCH', { role: 'operator' }],
      ['DELETE', undefined],
    ] as const) {
      const refused = await ask<{ detail: string }>(method, `/v1/people/${ann.id}`, body)
      expect(refused.status).toBe(409)
      expect(refused.body.detail).toContain('last admin')
    }
    // Who never came in is no admin that is left, and can be taken back.
    expect((await ask('DELETE', `/v1/people/${mistyped.id}`)).status).toBe(204)

    const bob = await comesIn(server, ask, 'bob@example.com', 'admin')
    const sessions = openSessions(database, { now: () => performance.now() })
    const author = { actor: 'a test', requestId: null }
    const both = await Promise.allSettled([
      database.withTenant(tenant, (tx) => removePerson(tx, ann.id, author, sessions)),
      database.withTenant(tenant, (tx) => changePerson(tx, { id: bob.id, role: 'viewer' }, author, sessions)),
    ])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect((await list('?role=admin')).items).toHaveLength(1)
  })

  it('are signed out everywhere by an admin, and may come in again', async () => {
    const ann = await comesIn(server, ask, 'ann@example.com', 'viewer')
    const bob = await comesIn(server, ask, 'bob@example.com', 'viewer')
    expect((await ask('DELETE', `/v1/people/${ann.id}/sessions`)).body).toEqual({ ended: 1 })
    expect([await roleOf(ann.cookie), await roleOf(bob.cookie)]).toEqual([401, 'viewer'])
    expect((await openLink(server, await newLink(ann.id))).status).toBe(303)
  })

  it('of another company are nobody here', async () => {
    const ann = await comesIn(server, ask, 'ann@example.com', 'admin')
    const other = asking(server, await owner(server, await addTenant(database, 'Another')))
    expect((await other<Listed>('GET', '/v1/people')).body.items).toEqual([])
    for (const [method, path] of [
      ['PATCH', `/v1/people/${ann.id}`],
      ['DELETE', `/v1/people/${ann.id}`],
      ['POST', `/v1/people/${ann.id}/link`],
      ['DELETE', `/v1/people/${ann.id}/sessions`],
    ] as const)
      expect((await other(method, path, method === 'PATCH' ? { role: 'viewer' } : undefined)).status).toBe(
        404,
      )
    expect(await roleOf(ann.cookie)).toBe('admin')
    // The same address may be somebody in both.
    await invite(other, 'ann@example.com', 'viewer')
    expect(await roleOf(ann.cookie)).toBe('admin')
  })

  async function newLink(id: string): Promise<string> {
    return (await ask<{ link: string }>('POST', `/v1/people/${id}/link`)).body.link
  }
})

/** A tenant that wears a word of its own in everything that can be said of it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeWorld } from '../../connectors/world/write.ts'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import { createApiKey } from '../../src/security/api-keys.ts'
import { createSignInLink } from '../../src/security/sessions.ts'
import type { Vault } from '../../src/security/vault.ts'
import { createConnection } from '../../src/store/connections.ts'
import type { Database } from '../../src/store/database.ts'
import { addCodes } from '../../src/store/offer-codes.ts'
import { saveSettings } from '../../src/store/settings-versions.ts'
import { activateTenant, createTenant } from '../../src/store/tenants.ts'
import { atAnyTime } from '../support/acting.ts'

export interface Company {
  /** In lower case, found nowhere else; mixed case is looked for too. */
  readonly word: string
  readonly tenant: TenantId
  readonly connection: ConnectionId
  /** Of a file that is not there, so that its sync fails. */
  readonly broken: ConnectionId
  readonly key: string
  /** A one-time token to sign in with. */
  readonly signIn: string
  /** Where its file and what is written back are. */
  readonly folder: string
}

export interface CompanyOptions {
  readonly database: Database
  readonly vault: Vault
  readonly folder: string
  readonly word: string
  readonly customers: number
  readonly seed: number
}

export async function addCompany(options: CompanyOptions): Promise<Company> {
  const { database, vault, word } = options
  const folder = join(options.folder, word)
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${word}.csv`)
  await writeWorld(path, {
    rows: options.customers,
    seed: options.seed,
    asOf: new Date().toISOString().slice(0, 10),
  })
  writeFileSync(path, marked(readFileSync(path, 'utf8'), word))
  const tenant = await database.asSystem('a test', (tx) => createTenant(tx, `${word} Ltd`))
  return database.withTenant(tenant, async (tx) => {
    await saveSettings(tx, settingsOf(word), { expected: 0, author: `${word} admin`, note: `${word} note` })
    await activateTenant(tx, tenant)
    const codes = Array.from({ length: 60 }, (_, n) => ({ code: `${word}-${n}`, validUntil: null }))
    await addCodes(tx, { pool: 'spring', codes, actor: `${word} admin` })
    await vault.seal(tx, { owner: 'email', name: 'password' }, `${word} password`)
    const place = { kind: 'csv', sandbox: false, population: { kind: 'everyone' } } as const
    return {
      word,
      tenant,
      folder,
      connection: await createConnection(tx, { ...place, name: `${word} file`, config: { path } }),
      broken: await createConnection(tx, {
        ...place,
        name: `${word} broken`,
        config: { path: join(folder, `no ${word}.csv`) },
      }),
      key: (
        await createApiKey(tx, {
          name: `${word} key`,
          scopes: ['score', 'read', 'write', 'export', 'admin'],
          actor: `${word} admin`,
        })
      ).key,
      signIn: await createSignInLink(tx, {
        subject: `${word} person`,
        role: 'admin',
        actor: `${word} admin`,
      }),
    }
  })
}

/** The word in every cell that is text, and columns for those that the sample has not. */
function marked(csv: string, word: string): string {
  const [header, ...rows] = csv.trimEnd().split('\n')
  const names = header.split(',')
  const rewritten = rows.map((row, i) => {
    const cells = row.split(',').map((cell, at) => {
      if (names[at] === 'email') return `person${i}@${word}.example`
      return ['customer_id', 'company', 'industry', 'plan'].includes(names[at]) ? `${word} ${cell}` : cell
    })
    return [
      ...cells,
      `${word} owner ${i % 3}`,
      `owner${i % 3}@${word}.example`,
      `${word} parent ${i >> 1}`,
      `${word} says ${i}`,
    ]
  })
  const columns = [...names, 'owner', 'owner email', 'parent_account_id', `${word}_remark`]
  return [columns, ...rewritten].map((cells) => cells.join(',')).join('\n') + '\n'
}

function settingsOf(word: string): object {
  const text = `${word} {{ recipient.name }}`
  return atAnyTime({
    currency: { file: 'EUR', reporting: 'EUR' },
    delivery: { mode: 'sandbox', approval: { discounts: true, calls: true } },
    // A file knows no tasks: codes are what a discount is fulfilled by.
    offers: { fulfilment: { discount_10: { by: 'pool', pool: 'spring' } } },
    sender: {
      name: `${word} sender`,
      company: `${word} company`,
      address: `hello@${word}.example`,
      replyTo: `reply@${word}.example`,
      postalAddress: `${word} Street 1, 10115 Berlin`,
      language: 'en',
    },
    smtp: { host: `smtp.${word}.example`, user: `${word} user`, dkimDomain: `${word}.example` },
    templates: { fr: { email: { subject: text, text, html: `<p>${text}</p>` } } },
  })
}

/** An e-mail that the ledger says was sent, as sending writes it, to somebody who agreed to it long ago. */
import { randomUUID } from 'node:crypto'
import type { InterventionId } from '../../src/contracts/ids.ts'
import { recordConsent } from '../../src/store/consents.ts'
import { hashOf, type Acting, type Place } from './acting.ts'

export interface SentMail {
  readonly place: Place & { readonly email: string }
  readonly id: InterventionId
}

export async function sentMail(
  acting: Acting,
  {
    agreedAt,
    delivery = 'live',
    responsible = null,
    settings = {},
  }: {
    agreedAt: Date
    delivery?: 'live' | 'sandbox'
    responsible?: { name: string; email: string } | null
    settings?: object
  },
): Promise<SentMail> {
  const email = `ann-${randomUUID().slice(0, 8)}@example.com`
  const scene = await acting.scene({
    connection: { kind: 'crm', name: 'The CRM' },
    recipients: [{ email, name: 'Ann' }],
    responsible,
    settings,
  })
  const id = await acting.plan(scene)
  await acting.database.withTenant(scene.tenant, (tx) =>
    recordConsent(tx, {
      hash: hashOf(email),
      channel: 'email',
      status: 'granted',
      source: 'crm',
      changedAt: agreedAt,
    }),
  )
  await acting.sql(
    scene,
    `update interventions i set state = 'sent', sent_at = now(), provider_id = $2, message = $3,
       recipient_id = r.id, address_hash = r.email_hash
     from recipients r where i.id = $1 and r.customer_id = i.customer_id`,
    [id, `<${id}@acme.example>`, { kind: 'email', delivery, to: { name: 'Ann', address: email } }],
  )
  return { place: { ...scene, email }, id }
}

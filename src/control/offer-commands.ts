/** Offers from the command line: codes and redemptions out of files, and what there is. */
import { z } from 'zod'
import { BILLING_SECRET } from '../loop/offer-billing.ts'
import { importCodes, importRedemptions, POOL_NAME } from '../loop/offer-imports.ts'
import { makeWebhookSecret } from '../security/standard-webhook.ts'
import type { Service } from '../service.ts'
import { recordAudit } from '../store/audit.ts'
import { listPools } from '../store/offer-codes.ts'
import { OFFER_STATUSES } from '../store/offers.ts'
import { listOffers } from '../store/reads/offers.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { asked } from './asked.ts'
import type { ControlCommand } from './server.ts'
import { companyOf } from './setup.ts'

const ofCompany = z.object({ company: z.string().optional() })
const file = ofCompany.extend({ text: z.string() })

/** @param wake has the queue look at once */
export function offerCommands(service: Service, wake: () => void): Readonly<Record<string, ControlCommand>> {
  const { database, clock, vault } = service
  return {
    'offers-import': async (options) => {
      const { company, pool, text } = asked(
        file.extend({ pool: z.string().regex(POOL_NAME, 'it takes small letters, digits, - and _') }),
        options,
      )
      const tenant = await companyOf(service, company)
      return database.withTenant(tenant.id, async (tx) => {
        const counts = await importCodes(tx, { pool, text, actor: 'cli' })
        tx.afterCommit(wake)
        return { company: tenant.name, pool, ...counts }
      })
    },

    'offers-redeem': async (options) => {
      const { company, text } = asked(file, options)
      const tenant = await companyOf(service, company)
      return database.withTenant(tenant.id, async (tx) => ({
        company: tenant.name,
        ...(await importRedemptions(tx, { text, now: clock(), actor: 'cli' })),
      }))
    },

    'offers-pools': async (options) => {
      const tenant = await companyOf(service, asked(ofCompany, options).company)
      return database.withTenant(tenant.id, async (tx) => {
        const { settings } = await currentSettings(tx)
        const pools = await listPools(tx, clock().toISOString().slice(0, 10))
        const { fewCodes } = settings.offers
        return { company: tenant.name, pools: pools.map((one) => ({ ...one, few: one.free < fewCodes })) }
      })
    },

    'offers-list': async (options) => {
      const { company, status, limit } = asked(
        ofCompany.extend({
          status: z.enum(OFFER_STATUSES).optional(),
          limit: z.number().int().min(1).max(200).default(50),
        }),
        options,
      )
      const tenant = await companyOf(service, company)
      const page = await database.withTenant(tenant.id, (tx) => listOffers(tx, { status, limit }))
      return { company: tenant.name, offers: page.items, more: page.next !== null }
    },

    'offers-secret': async (options) => {
      const tenant = await companyOf(service, asked(ofCompany, options).company)
      const secret = makeWebhookSecret()
      await database.withTenant(tenant.id, async (tx) => {
        await vault.seal(tx, BILLING_SECRET, secret)
        await recordAudit(tx, { actor: 'cli', action: 'offer.billing_secret' })
      })
      return { company: tenant.name, secret, path: `/webhooks/billing/${tenant.id}` }
    },
  }
}

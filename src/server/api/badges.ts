/** The numbers beside the navigation. */
import { z } from 'zod'
import type { TenantId } from '../../contracts/ids.ts'
import { attentionAsked } from '../../loop/attention.ts'
import { countOpenApprovals } from '../../store/reads/approvals.ts'
import { countAttention } from '../../store/reads/attention.ts'
import { countActive } from '../../store/reads/badges.ts'
import type { Database } from '../../store/database.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { route, type Route } from '../route.ts'

export const badgesAnswer = z.object({
  approvals: z.int().meta({ description: 'As GET /v1/approvals lists them' }),
  attention: z.int().meta({ description: 'As GET /v1/attention lists them' }),
  customers: z.int().meta({ description: 'In the population' }),
})
export type BadgesAnswer = z.infer<typeof badgesAnswer>

export const badgeRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/v1/badges',
    summary: 'How much waits: approvals, what needs a look',
    tag: 'Attention',
    access: { scope: 'read', role: 'viewer' },
    answers: { 200: { description: 'The numbers', schema: badgesAnswer } },
    handle: async ({ tenant }, services) => ({ status: 200, body: await readBadges(tenant, services) }),
  }),
]

/**
 * @example
 * const { approvals, attention } = await readBadges(tenant, services)
 */
export async function readBadges(
  tenant: TenantId,
  { database, clock }: { readonly database: Database; clock(): Date },
): Promise<BadgesAnswer> {
  return database.withTenant(tenant, async (tx) => {
    const { settings } = await currentSettings(tx)
    const { things, uncertain, failed } = await countAttention(tx, attentionAsked(settings, clock()))
    return {
      approvals: await countOpenApprovals(tx, settings.delivery.approval.waitDays),
      attention: things + uncertain + failed,
      customers: await countActive(tx),
    }
  })
}

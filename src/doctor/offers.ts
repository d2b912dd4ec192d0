/** Whether what the settings promise can be kept: codes, billing, and where it is read that an offer was taken. */
import type { Check } from '../contracts/checks.ts'
import { BILLING_SECRET } from '../loop/offer-billing.ts'
import { redemptionColumns } from '../loop/needed-properties.ts'
import { outgoingUrl } from '../security/outgoing.ts'
import type { Vault } from '../security/vault.ts'
import { actionsOf } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { Connection } from '../store/connections.ts'
import type { Transaction } from '../store/database.ts'
import { listPools, type Pool } from '../store/offer-codes.ts'

export interface OfferSituation {
  readonly settings: ServiceSettings
  readonly pools: readonly Pool[]
  /** Whether a secret was made that billing and we sign with. */
  readonly signed: boolean
  readonly connections: readonly Pick<Connection, 'kind' | 'name' | 'profile'>[]
}

/** What {@link checkOffers} looks at. */
export async function offerSituation(
  tx: Transaction,
  {
    vault,
    settings,
    connections,
    now,
  }: Pick<OfferSituation, 'settings' | 'connections'> & {
    readonly vault: Pick<Vault, 'unseal'>
    readonly now: Date
  },
): Promise<OfferSituation> {
  const pools = await listPools(tx, now.toISOString().slice(0, 10))
  return { settings, connections, pools, signed: (await vault.unseal(tx, BILLING_SECRET)) !== null }
}

/**
 * Pure; nothing where the settings promise nothing.
 *
 * @example
 * checkOffers({ settings, pools: [], signed: false, connections }) // []
 */
export function checkOffers({ settings, pools, signed, connections }: OfferSituation): readonly Check[] {
  const { fulfilment, redemptionProperty, fewCodes } = settings.offers
  const giving = new Set(actionsOf(settings).flatMap(({ key, discount }) => (discount > 0 ? [key] : [])))
  const idle = Object.keys(fulfilment).filter((key) => !giving.has(key))
  const named = Object.values(fulfilment).flatMap((one) => (one.by === 'pool' ? [one.pool] : []))
  const billed = Object.values(fulfilment).some(({ by }) => by === 'billing')
  return [
    ...[...new Set(named)].map((name) =>
      poolCheck(
        name,
        pools.find(({ pool }) => pool === name),
        fewCodes,
      ),
    ),
    ...(billed ? [billingCheck(settings, signed)] : []),
    ...(idle.length === 0
      ? []
      : [
          warning(
            'Offers',
            `offers.fulfilment names what gives nothing off, or is no action: ${idle.join(', ')}. Take it out, or correct the key.`,
          ),
        ]),
    ...(redemptionProperty === null
      ? []
      : connections
          .filter(({ kind, profile }) => kind !== 'csv' && profile !== null)
          .filter((one) => redemptionColumns(one, settings.offers).length === 0)
          .map(({ name }) =>
            warning(
              'Offers that were taken',
              `"${name}" has no property "${redemptionProperty}" that can be read (settings: offers.redemptionProperty), so it tells of no offer that was taken. Make it, or correct the name.`,
            ),
          )),
  ]
}

function poolCheck(pool: string, known: Pool | undefined, fewCodes: number): Check {
  const name = `Codes of "${pool}"`
  const importing = `Import more: holdfast offers import ${pool} codes.csv.`
  const free = known?.free ?? 0
  if (free === 0)
    return {
      name,
      status: 'failed',
      message: `${known === undefined ? 'None was ever imported' : 'None is left'}, so nothing of it is offered. ${importing}`,
    }
  return free < fewCodes
    ? warning(name, `Only ${free} are left. ${importing}`)
    : { name, status: 'ok', message: `${free} are left.` }
}

function billingCheck({ offers: { billing } }: ServiceSettings, signed: boolean): Check {
  const name = 'Billing'
  if (!signed)
    return {
      name,
      status: 'failed',
      message:
        'There is no secret that billing signs with, so no offer can be confirmed. Make one: POST /v1/billing-secret.',
    }
  if (billing.url === null)
    return {
      name,
      status: 'ok',
      message: 'It asks GET /v1/offers?status=requested by itself (settings: offers.billing.url is not set).',
    }
  try {
    outgoingUrl(billing.url)
    return { name, status: 'ok', message: `It is asked at ${new URL(billing.url).host}.` }
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    return { name, status: 'failed', message: `${message} (settings: offers.billing.url)` }
  }
}

const warning = (name: string, message: string): Check => ({ name, status: 'warning', message })

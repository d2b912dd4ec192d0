/** An intervention that a person or a program asks for, outside of any decision. */
import { plannedCost } from '../../contracts/actions.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import type { CustomerId, InterventionId } from '../../contracts/ids.ts'
import { minorDigits } from '../../contracts/money.ts'
import { expectRoom, leftOf, openBudget } from '../../loop/budget.ts'
import { channelFor, isFulfilled } from '../../loop/carried-out.ts'
import { interventionIdOf } from '../../loop/intervention-id.ts'
import { pauseFacts } from '../../loop/pauses.ts'
import type { Connectors } from '../../loop/services.ts'
import { actionsOf, reportingCurrency, reportingRate } from '../../settings/planning.ts'
import { needsApproval } from '../../settings/service.ts'
import type { Transaction } from '../../store/database.ts'
import { planInterventions } from '../../store/interventions.ts'
import { readCandidate, type Candidate } from '../../store/reads/candidate.ts'
import { readTenant } from '../../store/tenants.ts'

export interface HandRequest {
  readonly customer: CustomerId
  readonly action: string
  /** Default: now. */
  readonly dueAt?: Date | undefined
  /** Default: 14 days after it is due. */
  readonly expiresAt?: Date | undefined
  /** The same key is the same intervention. */
  readonly key: string
  readonly actor: string
  readonly now: Date
  readonly connectors: Pick<Connectors, 'can'>
}

const DAY = 86_400_000
const LIFETIME_DAYS = 14
const FURTHEST_DAYS = 366

/**
 * Plans it, or has it wait for approval where the settings say so. Consent, suppression and pauses are asked when it
 * is about to go, as for every other.
 *
 * @returns its id and the state it is in
 * @throws HoldfastError `not_found`, `request_invalid` for an action that is none, `conflict` where the settings, the
 *   customer or its group rule it out, or budget or capacity have no room for it
 */
export async function planByHand(
  tx: Transaction,
  request: HandRequest,
): Promise<{ id: InterventionId; state: 'planned' | 'awaiting_approval' }> {
  const { customer, action: key, now, actor } = request
  const { settings } = await openBudget(tx)
  const tenant = await readTenant(tx, tx.tenant!)
  if (tenant.activatedAt === null)
    throw refused('Actions are not activated yet: nothing is carried out. POST /v1/activation turns them on.')
  const { killed, killedReason } = await pauseFacts(tx)
  if (killed)
    throw refused(
      `All actions are stopped (the kill switch is on): ${killedReason ?? ''} Nothing is planned until it is released.`,
    )
  const actions = actionsOf(settings)
  const action = actions.find((one) => one.key === key)
  if (action === undefined || action.channel === 'none')
    throw new HoldfastError(
      'request_invalid',
      `"${key}" is no action that can be carried out. Actions: ${actions
        .filter(({ channel }) => channel !== 'none')
        .map((one) => one.key)
        .join(', ')}.`,
    )
  if (settings.catalogue[key]?.enabled === false)
    throw refused(`"${action.name}" is switched off in the settings.`)
  const found = await readAddressee(tx, customer)
  const way = { tasks: request.connectors.can(found.kind, 'tasks'), settings }
  if (!isFulfilled(action, way))
    throw refused(
      `Nobody fulfils "${action.name}": there are no codes, no billing and no tasks for it. Say who does (settings: offers.fulfilment.${key}).`,
    )
  const dueAt = request.dueAt ?? now
  const expiresAt = request.expiresAt ?? new Date(dueAt.getTime() + LIFETIME_DAYS * DAY)
  if (expiresAt <= dueAt || expiresAt <= now || expiresAt.getTime() > now.getTime() + FURTHEST_DAYS * DAY)
    throw new HoldfastError(
      'request_invalid',
      'It must expire after it is due, in the future, and within a year. Correct dueAt or expiresAt.',
    )
  const digits = minorDigits(reportingCurrency(settings))
  const recurring =
    found.monthlyMinor === null || found.currency !== settings.currency.file
      ? NaN
      : (found.monthlyMinor / 10 ** minorDigits(found.currency)) * reportingRate(settings)
  if (Number.isNaN(recurring) && action.discount > 0)
    throw refused('What the customer pays is not known, so a discount has no cost that could be planned.')
  const cost = plannedCost(action.cost, Number.isNaN(recurring) ? 0 : recurring, digits)
  const plannedCostMinor = Math.round(cost * 10 ** digits)
  const left = await leftOf(tx, { settings, now, acting: true, actions })
  expectRoom(left, { action, at: actions.indexOf(action), costMinor: plannedCostMinor, settings })
  // The same request is the same intervention, also in a database that was restored and has forgotten it.
  const named = `${found.object}/${found.externalId}`
  const id = interventionIdOf(found.connection, named, key, 'api', request.key)
  const state = needsApproval(settings, key) ? 'awaiting_approval' : 'planned'
  const planned = await planInterventions(
    tx,
    [
      {
        id,
        decision: null,
        customer,
        connection: found.connection,
        actionKey: key,
        channel: channelFor({ ...action, channel: action.channel }, way),
        idempotencyKey: `api:${request.key}`,
        state,
        dueAt,
        expiresAt,
        plannedCostMinor,
        currency: reportingCurrency(settings),
        createdBy: actor,
      },
    ],
    now,
  )
  if (planned === 0) throw refused('There is an intervention with this Idempotency-Key already.')
  return { id, state }
}

async function readAddressee(tx: Transaction, customer: CustomerId): Promise<Candidate> {
  const found = await readCandidate(tx, customer)
  if (found.status !== 'active')
    throw refused('The customer is not in the population any more, so nothing is done for it.')
  if (found.connectionStatus === 'disconnected') throw refused("The customer's connection is disconnected.")
  if (found.group === 'holdout' || found.group === 'usual')
    throw refused(
      `The customer is in the comparison group "${found.group}", which Holdfast does nothing for: results are measured against it.`,
    )
  return found
}

const refused = (message: string): HoldfastError => new HoldfastError('conflict', message)

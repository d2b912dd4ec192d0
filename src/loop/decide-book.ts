/**
 * Decide, in the service: one decision a customer and period for everybody who is scored and has none yet, logged
 * whole, with the interventions that follow from it in the same transaction.
 *
 * Budget and places are shared by all customers of a tenant, so a pass reads everybody, decides for all at once, and
 * writes in batches. It may be killed between two batches: whoever is undecided then is decided on by the next pass
 * under what is left. Batches go by customer, whatever was chosen for them, so those who are left are no selection.
 *
 * Two connections of a tenant may decide at the same time, while people ask for actions by hand. Batches are written one
 * after the other under a lock of the tenant; a pass whose plan what is left no longer covers, or whose settings were
 * changed meanwhile, plans anew for the undecided. Each intervention reserves its whole cost as it is written, and the
 * database refuses what does not fit (src/store/budget.ts).
 *
 * Rescoring changes the risk, not the choice. Nothing is planned while the tenant is not activated or delivery is
 * off: such decisions are suggestions, and are never made up for. So who activates in the middle of a period sees
 * action only for customers who are still undecided, and for the others from the next period on: first activation
 * never replays history into actions.
 */
import { createHash } from 'node:crypto'
import { NO_ACTION } from '../../models/policy/policy.ts'
import { asCustomer, asDecision, type ConnectionId, type TenantId } from '../contracts/ids.ts'
import { actionsOf, periodEnd, periodOf, periodStart } from '../settings/planning.ts'
import { needsApproval } from '../settings/service.ts'
import { readConnection } from '../store/connections.ts'
import type { Transaction } from '../store/database.ts'
import { appendDecisions, newestDecision, type NewDecision } from '../store/decisions.ts'
import { planInterventions, type PlannedIntervention } from '../store/interventions.ts'
import { championOf } from '../store/models.ts'
import { policyInCharge } from '../store/policies.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { refreshStatistics } from '../store/statistics.ts'
import { requestStep } from '../store/steps.ts'
import { readTenant } from '../store/tenants.ts'
import { leftOf, openBudget } from './budget.ts'
import { CAUSE, planBook, type PlannedBook, type Terms, type UndecidedBook } from './decide-plan.ts'
import { readUndecided } from './decide-read.ts'
import type { Left, Plan } from './decide.ts'
import { carriedOut } from './carried-out.ts'
import { interventionIdOf } from './intervention-id.ts'
import { pauseFacts } from './pauses.ts'
import type { Connectors, LoopServices, LoopStep, StepContext } from './services.ts'
import { solvedPolicy } from './solved-policy.ts'

/** Decisions written in one transaction: others wait for it on the embedded database. */
const WRITE = 2000

/**
 * Safe to repeat: who has a decision of the period is left alone.
 *
 * @returns `{ decided, planned }`, how many customers and interventions
 * @example
 * await decideBook(services, { tenant, connection, run, cause: 'score', signal, progress })
 */
export const decideBook: LoopStep = async (services, context) => {
  const counts = { decided: 0, planned: 0 }
  for (;;) {
    const book = await readBook(services, context)
    if (book === null || context.signal.aborted) return counts
    const { database, engines } = services
    const policy = solvedPolicy(database, context.tenant, book.policy)
    const engine = await engines.get(book.location, policy)
    const planned = await planBook(book, engine, context)
    if ((await writeBook(services, context, planned, counts)) === 'ended') return counts
  }
}

/** Everybody who is undecided; null when nobody is. */
async function readBook(
  { database, clock, connectors }: LoopServices,
  { tenant, connection, signal }: StepContext,
): Promise<UndecidedBook | null> {
  const terms = await database.withTenant(tenant, (tx) =>
    readTerms(tx, { tenant, connection, now: clock(), connectors }),
  )
  if (terms === null) return null
  const customers = await readUndecided(
    (work) => database.withTenant(tenant, work),
    { ...terms, connection, cause: CAUSE },
    () => signal.aborted,
  )
  return customers.rows === 0 ? null : { ...terms, customers }
}

/** What a pass begins with; null where nothing was scored yet. */
export async function readTerms(
  tx: Transaction,
  {
    tenant,
    connection,
    now,
    connectors,
  }: { tenant: TenantId; connection: ConnectionId; now: Date; connectors: Pick<Connectors, 'can'> },
): Promise<Terms | null> {
  const champion = await championOf(tx, connection)
  if (champion === null) return null
  const { version, settings } = await currentSettings(tx)
  const { groupSalt, activatedAt } = await readTenant(tx, tenant)
  const { kind } = await readConnection(tx, connection)
  const terms = {
    now,
    period: periodOf(settings.period, now),
    start: periodStart(settings.period, now),
    settings,
    settingsVersion: version,
    // Names the salt without giving it away: whoever knows it can tell the groups of all customers.
    groupSaltId: createHash('sha256').update(groupSalt).digest('hex').slice(0, 16),
    acting: activatedAt !== null && activatedAt <= now && settings.delivery.mode !== 'off',
    location: champion.location,
    policy: await policyInCharge(tx),
    tasks: connectors.can(kind, 'tasks'),
    actions: carriedOut(actionsOf(settings), { tasks: connectors.can(kind, 'tasks'), settings }),
    // Before what is left: a decision in between would then be seen as one that is not known.
    newest: await newestDecision(tx),
    // Before the book is read, which has no action where it is on.
    killed: (await pauseFacts(tx)).killed,
  }
  return { ...terms, left: await leftOf(tx, terms) }
}

/** @returns `again` when others have used what this plan was to use: the rest has to be planned anew */
async function writeBook(
  { database }: LoopServices,
  { tenant, connection, signal, progress }: StepContext,
  { book, plan, frame, decision }: PlannedBook,
  counts: { decided: number; planned: number },
): Promise<'ended' | 'again'> {
  const { settings, acting, now, actions, period } = book
  const { rows, names } = book.customers
  const expiresAt = periodEnd(settings.period, now)
  let { newest } = book
  for (let from = 0; from < rows && !signal.aborted; from += WRITE) {
    const to = Math.min(rows, from + WRITE)
    const decisions: NewDecision[] = []
    for (let at = from; at < to; at++) decisions.push(decision(at))
    const written = await database.withTenant(tenant, async (tx) => {
      // A budget that was changed meanwhile is one that this plan knows nothing of.
      if ((await openBudget(tx)).version !== book.settingsVersion) return null
      // The kill switch was turned on or off meanwhile: what was chosen is not what would be chosen now.
      if ((await pauseFacts(tx)).killed !== book.killed) return null
      // What people and programs ask for comes without a decision, and reserves as well.
      const checked = acting || (await newestDecision(tx)) !== newest
      if (checked && !covers(await leftOf(tx, book), plan, from)) return null
      const added = await appendDecisions(tx, frame, decisions)
      const interventions = acting
        ? decisions.flatMap((one, at): PlannedIntervention[] => {
            const id = added.get(one.customer)
            const action = actions.find(({ key }) => key === one.actionKey)
            if (id === undefined || action === undefined || action.channel === 'none') return []
            return [
              {
                id: interventionIdOf(connection, names[from + at], action.key, period, frame.cause),
                decision: asDecision(id),
                customer: asCustomer(one.customer),
                connection,
                actionKey: action.key,
                channel: action.channel,
                idempotencyKey: `${one.customer}:${action.key}:${id}`,
                state: needsApproval(settings, action.key) ? 'awaiting_approval' : 'planned',
                dueAt: now,
                expiresAt,
                plannedCostMinor: one.plannedCostMinor,
                currency: frame.currency,
                createdBy: 'policy',
              },
            ]
          })
        : []
      const planned = await planInterventions(tx, interventions, now)
      if (added.size > 0) await requestStep(tx, { connection, step: 'write_back', cause: 'decide' })
      return { decided: added.size, planned, newest: await newestDecision(tx) }
    })
    if (written === null) return 'again'
    newest = written.newest
    counts.decided += written.decided
    counts.planned += written.planned
    // The ledger has grown from nothing: without statistics the check of each event's intervention may walk through
    // all that a tenant has (an index of equal times is as small as an empty one).
    if (from === 0 && to < rows && written.planned > 0)
      await database.asSystem('statistics for the planner', refreshStatistics)
    progress(to, rows)
  }
  return 'ended'
}

/** Whether what is left is enough for what the plan has for the customers from a row on. */
function covers(left: Left, plan: Plan, from: number): boolean {
  const { cost } = plan.priced
  const width = left.capacity.length
  const taken = new Float64Array(width)
  let spend = 0
  for (let row = from; row < plan.rows; row++) {
    taken[plan.action[row]]++
    spend += cost[row * width + plan.action[row]]
  }
  const within = (limit: number | null, wanted: number): boolean => limit === null || wanted <= limit
  return (
    within(left.budget, spend) &&
    left.capacity.every((places, a) => a === NO_ACTION || within(places, taken[a]))
  )
}

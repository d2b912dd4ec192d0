/**
 * Approval through the CRM: what waits for a person's yes is put on the list of whoever is responsible, once, as a task
 * that says what would be sent, why, what it costs and until when; completing it approves, deleting or cancelling it
 * rejects. An answer given elsewhere makes the task moot: nobody asks it any more, and completing it does nothing.
 *
 * A crash between making a task and noting it makes it again under the same key, which the CRM takes as the same task.
 */
import { composeApproval } from '../../actions/task/approval.ts'
import type { Connector, Task, TaskOutcome } from '../../connectors/connector.ts'
import type { InterventionId } from '../contracts/ids.ts'
import { actionNames } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { readActContexts, readTaskFacts, type ActContext, type TaskFacts } from '../store/act-context.ts'
import {
  alignApprovalTasks,
  anyApprovalAsked,
  approvalKey,
  askedApprovals,
  holdBackApprovals,
  owedApprovals,
  settleApprovalTasks,
  takeApprovalAnswers,
  type ApprovalAnswer,
  type AskedApproval,
  type OwedApproval,
} from '../store/approval-tasks.ts'
import { readConnection, type Connection } from '../store/connections.ts'
import type { Transaction } from '../store/database.ts'
import { peekInterventions, type HeldIntervention } from '../store/interventions.ts'
import type { OutwardEnd } from '../store/outward.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { requestStep } from '../store/steps.ts'
import { readTenant } from '../store/tenants.ts'
import { databaseTime } from '../store/time.ts'
import { NO_TASK_FACTS } from './act-facts.ts'
import { workingHoursOf } from './call-places.ts'
import { deliveryOf, isBuiltIn } from './delivery.ts'
import { endOf, lastingEnd } from './outward-pauses.ts'
import { pauseFacts } from './pauses.ts'
import type { Judged } from './preview-tally.ts'
import type { LoopServices, StepContext } from './services.ts'

/** Tasks of one call. */
const BATCH = 100
/** As long as a task asks, the CRM is asked about it so often. */
export const LOOK_EVERY_MS = 15 * 60_000
const DAY = 86_400_000

type Services = Pick<LoopServices, 'database' | 'clock' | 'connectors' | 'asking'>
type Where = Pick<StepContext, 'tenant' | 'connection' | 'signal'>

/**
 * Part of writing back: asks about what waits and was not asked about yet.
 *
 * @param open the connector of the connection, which stays open; not called where nothing is to be asked
 * @returns `{ asked, unasked }`; what could not be asked has its reason, and a time to be tried again or none. What a person
 *   has no room for says so, and is asked about when others were answered
 * @throws HoldfastError what the connector throws when nothing at all could be tried; all of it stays due
 * @example
 * await writeApprovals(services, context, crm.open) // { asked: 4, unasked: 0 }
 */
export async function writeApprovals(
  services: Services,
  { tenant, connection, signal }: Where,
  open: () => Promise<Connector>,
): Promise<{ readonly asked: number; readonly unasked: number }> {
  const { database } = services
  const counts = { asked: 0, unasked: 0 }
  while (!signal.aborted) {
    const due = await database.withTenant(tenant, async (tx) => {
      if (!(await mayAsk(tx, services, connection))) return []
      await alignApprovalTasks(tx, connection)
      const { perPerson } = (await currentSettings(tx)).settings.delivery.approval
      const owed = await owedApprovals(tx, { connection, perPerson }, BATCH)
      if (owed.length > 0) return compose(tx, services, owed)
      if ((await holdBackApprovals(tx, { connection, perPerson })) > 0)
        await requestStep(tx, { connection, step: 'write_back', cause: 'approval', at: await inAWhile(tx) })
      return []
    })
    if (due.length === 0) break
    const ended = await made(due, open)
    await database.withTenant(tenant, async (tx) => {
      await settleApprovalTasks(tx, ended)
      if (ended.some(({ end }) => end.ok)) await lookAgain(tx, connection)
    })
    for (const { end } of ended) counts[end.ok ? 'asked' : 'unasked']++
  }
  return counts
}

/**
 * Part of observing: takes what people did to the tasks as their answer, and asks to look again while any is open.
 *
 * @param open as in {@link writeApprovals}
 * @returns `{ approved, rejected }`
 * @throws HoldfastError what the connector throws; what was read until then is kept
 * @example
 * await readApprovals(services, context, crm.open) // { approved: 2, rejected: 1 }
 */
export async function readApprovals(
  { database }: Pick<Services, 'database'>,
  { tenant, connection, signal }: Where,
  open: () => Promise<Connector>,
  everyMs: number = LOOK_EVERY_MS / 3,
): Promise<{ readonly approved: number; readonly rejected: number }> {
  const counts = { approved: 0, rejected: 0 }
  let after: InterventionId | null = null
  while (!signal.aborted) {
    const from: InterventionId | null = after
    const asked: readonly AskedApproval[] = await database.withTenant(tenant, async (tx) => {
      // Who no longer wants answers from the CRM gets none, also not to what was asked before.
      if (!(await currentSettings(tx)).settings.delivery.approval.byTask) return []
      await alignApprovalTasks(tx, connection)
      return askedApprovals(tx, connection, { after: from, limit: BATCH, everyMs })
    })
    if (asked.length === 0) break
    const connector = await open()
    if (connector.taskOutcomes === undefined) break
    const outcomes = await connector.taskOutcomes(
      asked.map(({ intervention, round, externalId }) => ({
        key: approvalKey(intervention, round),
        externalId,
      })),
    )
    const answers = answersOf(asked, outcomes)
    const taken = await database.withTenant(tenant, (tx) => takeApprovalAnswers(tx, connection, answers))
    counts.approved += taken.approved
    counts.rejected += taken.rejected
    after = asked[asked.length - 1].intervention
  }
  await database.withTenant(tenant, async (tx) => {
    if (await anyApprovalAsked(tx, connection)) await lookAgain(tx, connection)
  })
  return counts
}

async function lookAgain(tx: Transaction, connection: StepContext['connection']): Promise<void> {
  await requestStep(tx, { connection, step: 'observe', cause: 'approval', at: await inAWhile(tx) })
}

const inAWhile = async (tx: Transaction): Promise<Date> =>
  new Date((await databaseTime(tx)).getTime() + LOOK_EVERY_MS)

function answersOf(
  asked: readonly AskedApproval[],
  outcomes: readonly TaskOutcome[],
): readonly ApprovalAnswer[] {
  const byKey = new Map(outcomes.map((one) => [one.key, one]))
  return asked.map((one) => {
    const found = byKey.get(approvalKey(one.intervention, one.round))
    return { asked: one, answer: ANSWERS[found?.status ?? 'missing'], outcome: found?.outcome ?? null }
  })
}

/** What cannot be found says nothing: it is a person who answers. */
const ANSWERS = { done: 'approved', cancelled: 'rejected', open: 'none', missing: 'none' } as const

/** Where a call may become a task as well: never in a test account of somebody else, and not while all is paused. */
async function mayAsk(
  tx: Transaction,
  { connectors, clock }: Services,
  id: StepContext['connection'],
): Promise<boolean> {
  const { settings } = await currentSettings(tx)
  if (!settings.delivery.approval.byTask) return false
  const { installation, tenant, killed } = await pauseFacts(tx)
  if (installation !== null || tenant !== null || killed) return false
  const connection: Connection = await readConnection(tx, id)
  const { activatedAt } = await readTenant(tx, tx.tenant!)
  const { kind } = deliveryOf({
    channel: 'task',
    settings,
    publicUrl: null,
    sandboxConnection: connection.sandbox,
    activated: activatedAt !== null && activatedAt <= clock(),
    tasks: { possible: connectors.can(connection.kind, 'tasks'), builtIn: isBuiltIn(connection.config) },
  })
  return kind === 'sandbox' || kind === 'live'
}

interface Due {
  readonly owed: OwedApproval
  /** Null: there is no record that it could be on. */
  readonly task: Task | null
}

async function compose(
  tx: Transaction,
  { asking, clock }: Services,
  owed: readonly OwedApproval[],
): Promise<readonly Due[]> {
  const now = clock()
  const { settings } = await currentSettings(tx)
  const rows = await peekInterventions(
    tx,
    owed.map(({ intervention }) => intervention),
  )
  const customers = [...new Set(rows.map(({ customer }) => customer))]
  const contexts = await readActContexts(tx, customers)
  const facts = await readTaskFacts(tx, { customers, now })
  const judge = asking?.preview(tx.tenant!)
  const judged = (await judge?.judge(tx, rows, judge.asLive(settings))) ?? new Map<InterventionId, Judged>()
  const byId = new Map(rows.map((row) => [row.id, row]))
  return owed.map((one) => {
    const row = byId.get(one.intervention)
    const context = row === undefined ? undefined : contexts.get(row.customer)
    if (one.deleted || row === undefined || context === undefined) return { owed: one, task: null }
    const task = taskOf({
      owed: one,
      row,
      context,
      facts: facts.get(row.customer) ?? NO_TASK_FACTS,
      judged: judged.get(row.id) ?? null,
      settings,
      link: linkTo(asking?.publicUrl ?? null, row.id),
      now,
    })
    return { owed: one, task }
  })
}

/** Its page of the service, where a person may answer too. */
const linkTo = (publicUrl: string | null, id: InterventionId): string | null =>
  publicUrl === null ? null : `${publicUrl}/app/actions/list?open=${id}`

interface Asking {
  readonly owed: OwedApproval
  readonly row: HeldIntervention
  readonly context: ActContext
  readonly facts: TaskFacts
  readonly judged: Judged | null
  readonly settings: ServiceSettings
  readonly link: string | null
  readonly now: Date
}

function taskOf({ owed, row, context, facts, judged, settings, link, now }: Asking): Task {
  const { customer } = context
  const { score, renewalDate } = facts
  const waits = owed.since.getTime() + settings.delivery.approval.waitDays * DAY
  const goes = judged === null || judged.outcome === 'send' || judged.outcome === 'approval'
  const words = composeApproval({
    action: actionNames(settings)(row.actionKey),
    channel: row.channel,
    customer: {
      name: customer.name,
      pays:
        score === null || score.monthlyMinor === null || score.currency === null
          ? null
          : { minor: score.monthlyMinor, currency: score.currency },
      renewalDate,
      risk: score === null ? null : { probability: score.probability, level: score.level },
      reasons: score?.reasons ?? [],
    },
    cost: { minor: row.plannedCostMinor, currency: row.currency },
    message: judged?.message() ?? null,
    held: goes ? null : judged.reason,
    until: new Date(Math.min(waits, row.expiresAt.getTime())),
    link,
    language: settings.sender.language,
    now,
    hours: workingHoursOf(settings.calls, customer.owner?.id ?? null),
  })
  return {
    key: approvalKey(row.id, owed.round),
    customerId: owed.customerId,
    recipientId: null,
    responsibleId: customer.owner?.id ?? null,
    kind: 'todo',
    // It carries nothing out.
    action: null,
    subject: words.subject,
    body: words.body,
    dueAt: words.dueAt,
  }
}

async function made(
  due: readonly Due[],
  open: () => Promise<Connector>,
): Promise<readonly { readonly owed: OwedApproval; readonly end: OutwardEnd }[]> {
  const tasks = due.flatMap(({ task }) => (task === null ? [] : [task]))
  const connector = tasks.length === 0 ? null : await open()
  const results = (await connector?.upsertTasks?.(tasks)) ?? []
  const answers = new Map(results.map((result) => [result.id, result]))
  return due.map(({ owed, task }) => ({
    owed,
    end: task === null ? GONE : lastingEnd(endOf(answers.get(task.key), owed.attempts), owed.attempts),
  }))
}

const GONE: OutwardEnd = {
  ok: false,
  code: 'customer_deleted',
  message: 'The record was deleted in the CRM before anybody could be asked there.',
  retryInMs: null,
}

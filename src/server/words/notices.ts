/**
 * What needs a look, in words: what happened, what it means for the customers, what to do. The worst first. A pure
 * function of what the page has read.
 */
import type { DeliverySettings } from '../../settings/automation.ts'
import type { InterventionState } from '../../store/intervention-states.ts'
import type { ConnectionView, StepView } from '../../store/reads/connections.ts'
import type { CrmView, Refusal } from '../../store/reads/crm-connections.ts'
import { nextRun } from '../../store/schedule.ts'
import type { Pause } from '../../store/act-context.ts'
import type { Tenant } from '../../store/tenants.ts'
import type { ServiceSettings } from '../../settings/service.ts'
import type { OutboxCounts } from '../outbox-counts.ts'
import type { Formats } from './formats.ts'
import { stepWord } from './labels.ts'

/** How a company stands, as far as notices say something of it. */
export interface Standing {
  /** Of the installation or of the tenant; null: nothing is paused. */
  readonly pause: Pause | null
  readonly tenant: Pick<Tenant, 'activatedAt'>
  readonly outbox: OutboxCounts
  readonly settings: Pick<ServiceSettings, 'delivery'>
  readonly now: Date
  readonly formats: Formats
}

export interface Notice {
  readonly tone: 'bad' | 'wait' | 'info'
  readonly title: string
  readonly text: string
  /** What can be done about it here. */
  readonly remedy:
    | { readonly kind: 'run'; readonly connection: ConnectionView; readonly step: string }
    | { readonly kind: 'resume' }
    | { readonly kind: 'activate' }
    | { readonly kind: 'look'; readonly at: NoticePlace; readonly label: string }
    | null
}

/** Where one looks at what a notice is about. */
export type NoticePlace =
  | { readonly page: 'customer'; readonly id: number }
  /** As the query of GET /v1/interventions. */
  | { readonly page: 'interventions'; readonly query: { readonly state: InterventionState } }
  | { readonly page: 'sending' }

export function noticesOf(
  place: Standing,
  connections: readonly ConnectionView[],
  scored: number,
  crms: readonly CrmView[] = [],
): readonly Notice[] {
  const all = [
    ...pauseNotices(place),
    ...connections.flatMap((one) => {
      const crm = crms.find(({ connection }) => connection === one.id) ?? null
      return [...connectionNotices(one, crm, scored, place), ...crmNotices(one, crm, place)]
    }),
    ...outboxNotices(place),
    ...activationNotices(place, scored),
  ]
  const order = { bad: 0, wait: 1, info: 2 }
  return all.toSorted((a, b) => order[a.tone] - order[b.tone])
}

function pauseNotices({ pause }: Pick<Standing, 'pause'>): Notice[] {
  if (pause === null) return []
  const ours = pause.code === 'tenant_paused'
  return [
    {
      tone: 'wait',
      title: ours ? 'Everything is paused' : 'The whole installation is paused',
      text: `${sentence(pause.reason)} Scoring and showing go on; what is due waits${ours ? ' until you resume.' : ' until whoever runs the server lets it go on.'}`,
      remedy: ours ? { kind: 'resume' } : null,
    },
  ]
}

function connectionNotices(
  connection: ConnectionView,
  crm: CrmView | null,
  scored: number,
  { now, formats }: Pick<Standing, 'now' | 'formats'>,
): Notice[] {
  const { name, status, statusReason, populationStated, failedWrites, steps } = connection
  const why = statusReason === null ? '' : `${sentence(statusReason)} `
  if (status !== 'active') {
    const [tone, title, text] = (
      {
        paused: [
          'wait',
          `${name} is paused`,
          'Nothing is read from it or written to it until it is resumed.',
        ],
        needs_reconnect: [
          'bad',
          `${name} needs a new sign-in`,
          'Nothing is read or written until somebody signs in again. Scores stay as they are.',
        ],
        disconnected: [
          'wait',
          `${name} is disconnected`,
          'Nothing is read or written any more. What was scored before is still shown.',
        ],
      } as const
    )[status]
    return [{ tone, title, text: `${why}${text}`, remedy: null }]
  }
  const failed = steps.filter(({ error, running }) => error !== null && !running)
  const found: Notice[] = failed.map((step) => failedNotice(connection, step, formats))
  if (!populationStated)
    found.push({
      tone: 'wait',
      title: `Who counts as a customer in ${name}?`,
      text: 'Nobody said so yet. Records are read, and none is scored, written to or acted on before.',
      remedy: null,
    })
  const sync = steps.find(({ step }) => step === 'sync')
  if (failed.length === 0 && sync !== undefined && isStale(sync, now))
    found.push({
      tone: 'wait',
      title: `${name} is out of date`,
      text: `${sync.lastDoneAt === null ? 'It was never read' : `It was last read on ${formats.exact(sync.lastDoneAt)}`}, which is longer ago than its schedule allows. What you see is as old. No worker seems to be running, or it has too much to do.`,
      remedy: { kind: 'run', connection, step: 'sync' },
    })
  const records = crm?.refusals.filter(({ what }) => what === 'record') ?? []
  for (const refusal of records)
    found.push({
      tone: 'wait',
      title: `${CRMS[connection.kind] ?? name} refused ${formats.count(refusal.count)} of ${formats.many(Math.max(scored, refusal.count), 'record')}`,
      text: `${sentence(refusal.message)} Scores are safe here${refusal.again ? ' and are written again by themselves.' : ' and will be written once that is mended.'}`,
      remedy: lookAt(refusal, formats),
    })
  const explained = records.reduce((sum, { count }) => sum + count, 0)
  if (failedWrites > explained)
    found.push({
      tone: 'wait',
      title: `${formats.many(failedWrites - explained, explained > 0 ? 'further record' : 'record')} of ${name} could not be written`,
      text: 'Scores are safe here; what can be tried again is tried again by itself.',
      remedy: { kind: 'run', connection, step: 'write_back' },
    })
  return found
}

const WAITING: NoticePlace = { page: 'interventions', query: { state: 'awaiting_approval' } }

const CRMS: Readonly<Record<string, string>> = { hubspot: 'HubSpot', salesforce: 'Salesforce' }

function lookAt({ customer, count }: Refusal, formats: Formats): Notice['remedy'] {
  if (customer === null) return null
  const name = customer.name ?? formats.many(1, 'customer')
  return {
    kind: 'look',
    at: { page: 'customer', id: customer.id },
    label: count === 1 ? `Look at ${name}` : `Look at one of them: ${name}`,
  }
}

/** What of the mapping cannot be read, and what else a CRM refused. */
function crmNotices(
  { name, kind, status }: ConnectionView,
  crm: CrmView | null,
  { formats }: Pick<Standing, 'formats'>,
): Notice[] {
  if (crm === null || status !== 'active') return []
  const word = CRMS[kind] ?? name
  const found: Notice[] = crm.notes.map(({ subject, message }) => ({
    tone: 'wait',
    title: `${name}: look at ${subject}`,
    text: sentence(message),
    remedy: null,
  }))
  if (crm.eventsProblem !== null)
    found.push({
      tone: 'info',
      title: `Changes in ${name} are found late`,
      text: `${sentence(crm.eventsProblem)} Until then they are found within five minutes, by looking.`,
      remedy: null,
    })
  for (const refusal of crm.refusals) {
    const { what, count, message } = refusal
    if (what === 'activity')
      found.push({
        tone: 'wait',
        title: `${formats.many(count, 'e-mail is', 'e-mails are')} missing on timelines in ${word}`,
        text: `${sentence(message)} ${count === 1 ? 'It was' : 'They were'} sent; only the entry is missing.`,
        remedy: lookAt(refusal, formats),
      })
    if (what === 'intervention')
      found.push({
        tone: 'wait',
        title: `${formats.many(count, 'intervention is', 'interventions are')} missing among the records of ${word}`,
        text: `${sentence(message)} ${count === 1 ? 'It was' : 'They were'} carried out; only the record is missing.`,
        remedy: lookAt(refusal, formats),
      })
    if (what === 'approval')
      found.push({
        tone: 'wait',
        title: `${word} has no task for ${formats.many(count, 'approval')}`,
        text: `${sentence(message)} What waits does so until somebody answers it here.`,
        remedy: { kind: 'look', at: WAITING, label: 'Look at what waits' },
      })
    if (what === 'workflow')
      found.push({
        tone: 'wait',
        title: `${formats.many(count, 'workflow step')} of ${word} waited in vain, in the last seven days`,
        text: `${sentence(message)} What was asked for was done here; ${count === 1 ? 'the workflow goes' : 'the workflows go'} on without hearing of it.`,
        remedy: null,
      })
    if (what === 'consent')
      found.push({
        tone: 'bad',
        title: `${word} does not know of ${formats.many(count, 'unsubscription')}`,
        text: `${sentence(message)} Holdfast keeps to ${count === 1 ? 'it' : 'them'}; e-mails sent from ${word} itself may not. Unsubscribe them there.`,
        remedy: null,
      })
  }
  return found
}

function failedNotice(
  connection: ConnectionView,
  { step, error, lastDoneAt, dueAt }: StepView,
  formats: Formats,
): Notice {
  const meaning =
    lastDoneAt === null
      ? 'It never worked yet.'
      : `It last worked on ${formats.exact(lastDoneAt)}; what you see is of then.`
  const next = dueAt === null ? 'It is not tried again by itself.' : 'It is tried again by itself.'
  return {
    tone: 'bad',
    title: `${stepWord(step)} failed: ${connection.name}`,
    text: `${sentence(error?.message ?? '')} ${meaning} ${next}`,
    remedy: { kind: 'run', connection, step },
  }
}

/** Two turns of the schedule have passed, and some time for them to run. */
export function isStale(
  { schedule, lastDoneAt, running }: Pick<StepView, 'schedule' | 'lastDoneAt' | 'running'>,
  now: Date,
): boolean {
  if (schedule === null || lastDoneAt === null || running) return false
  const first = nextRun(schedule, lastDoneAt)
  const second = first === null ? null : nextRun(schedule, first)
  return second !== null && now.getTime() > second.getTime() + GRACE_MS
}

const GRACE_MS = 10 * 60_000

function outboxNotices({ outbox, formats }: Pick<Standing, 'outbox' | 'formats'>): Notice[] {
  const { uncertain = 0, awaiting_approval: waiting = 0 } = outbox
  const found: Notice[] = []
  if (uncertain > 0)
    found.push({
      tone: 'bad',
      title: `${formats.many(uncertain, 'message')} may or may not have been sent`,
      text: 'The conversation with the provider broke off. None is sent again by itself.',
      remedy: {
        kind: 'look',
        at: { page: 'interventions', query: { state: 'uncertain' } },
        label: them(uncertain),
      },
    })
  if (waiting > 0)
    found.push({
      tone: 'info',
      title: `${formats.many(waiting, 'action waits', 'actions wait')} for approval`,
      text: 'Nothing goes out before somebody approves it.',
      remedy: { kind: 'look', at: WAITING, label: them(waiting) },
    })
  return found
}

const them = (count: number): string => (count === 1 ? 'Look at it' : 'Look at them')

function activationNotices(
  { tenant, settings }: Pick<Standing, 'tenant' | 'settings'>,
  scored: number,
): Notice[] {
  if (tenant.activatedAt !== null || scored === 0) return []
  return [
    {
      tone: 'info',
      title: 'This is the first look: nothing is sent',
      text: `Look whether the risks, reasons and suggestions make sense. Once you turn actions on, decisions made from then on become actions; those of before never do. ${DELIVERY[settings.delivery.mode].activated}`,
      remedy: { kind: 'activate' },
    },
  ]
}

/** How actions leave, as a pill and as a sentence. */
export const DELIVERY: Readonly<
  Record<DeliverySettings['mode'], { readonly pill: string; readonly activated: string }>
> = {
  off: {
    pill: 'Actions are off',
    activated: 'Delivery is off in the settings, so even then nothing is planned.',
  },
  dry_run: {
    pill: 'Dry run: nothing is sent',
    activated: 'Delivery is a dry run, so what would be sent is recorded for you to see, and nobody gets it.',
  },
  sandbox: {
    pill: 'Sandbox: mail and tasks stay on this machine',
    activated:
      'Delivery is the sandbox: mail goes into the sandbox inbox, tasks into the CRM sandboxes on this machine, and nowhere else. For every other account both are a dry run.',
  },
  test_list: {
    pill: 'Test list: mail to nobody else; tasks go to owners',
    activated:
      'Mail then goes to the addresses of the test list, and everybody else gets a dry run. Calls and offers become tasks on the lists of the responsible people in your CRM, unless it is a test account.',
  },
  live: {
    pill: 'Live: messages go to customers',
    activated:
      'Messages then go to the customers themselves, and calls and offers become tasks on the lists of the responsible people in your CRM, unless it is a test account. The preview says what today’s would be.',
  },
}

/** Ends with a full stop, and begins with a capital. */
export function sentence(text: string): string {
  const trimmed = text.trim()
  if (trimmed === '') return ''
  const first = trimmed[0].toUpperCase() + trimmed.slice(1)
  return /[.!?…][)"”]?$/.test(first) ? first : `${first}.`
}

/** What waits for a person's look, in words: what happened, what it means for the customers, what to do about it. */
import { z } from 'zod'
import { actionNames } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { AttentionAsked, AttentionKind, AttentionRow } from '../store/reads/attention.ts'
import { FOR_ADMIN } from './act-retry.ts'
import { keptBackWords } from './kept-back-words.ts'

/** Reasons for which actions wait until a person changes something. */
const WAITS_FOR_PERSON: readonly string[] = [
  ...FOR_ADMIN,
  'not_configured',
  'template_invalid',
  'channel_configuration',
  'no_channel',
  'zone_unknown',
  'language',
  'offer_unfulfilled',
  'offer_pool_empty',
]

/** What {@link AttentionRow}s are looked for with. */
export function attentionAsked({ offers }: Pick<ServiceSettings, 'offers'>, now: Date): AttentionAsked {
  const pools = Object.values(offers.fulfilment).flatMap((one) => (one.by === 'pool' ? [one.pool] : []))
  return {
    codes: WAITS_FOR_PERSON,
    pools: [...new Set(pools)],
    fewCodes: Math.max(1, offers.fewCodes),
    today: now.toISOString().slice(0, 10),
  }
}

/** A button: what it says, the route that it calls, and who may press it. */
export interface AttentionButton {
  readonly label: string
  readonly method: 'GET' | 'POST'
  /** A `GET` shows the rows behind it. */
  readonly path: string
  readonly body: Readonly<Record<string, unknown>> | null
  readonly role: 'viewer' | 'operator' | 'admin'
}

export interface AttentionItem {
  readonly kind: AttentionKind
  readonly key: string
  readonly mark: string
  readonly since: Date | null
  readonly count: number
  /** bad: customers are affected now. wait: something waits until somebody does something. */
  readonly tone: 'bad' | 'wait'
  readonly title: string
  /** What happened. */
  readonly happened: string
  /** What it means for the customers. */
  readonly means: string
  readonly todo: string
  readonly buttons: readonly AttentionButton[]
  /** Whether it can be put aside; what has to be ended cannot. */
  readonly dismissible: boolean
  /** The connection that it is about; null: none in particular. */
  readonly connection: string | null
}

type Said = Pick<AttentionItem, 'tone' | 'title' | 'happened' | 'means' | 'todo'> &
  Partial<Pick<AttentionItem, 'buttons' | 'dismissible'>>

/**
 * A pure function of what was read.
 *
 * @example
 * (await listAttention(tx, attentionAsked(settings, now))).map(attentionWords(settings))
 */
export function attentionWords(settings: ServiceSettings): (row: AttentionRow) => AttentionItem {
  const nameOf = actionNames(settings)
  return (row) => {
    const { kind, key, mark, since, count } = row
    const subject = subjectShape.parse(row.subject)
    const said = WORDS[kind]({ key, count, subject, nameOf })
    return {
      kind,
      key,
      mark,
      since,
      count,
      buttons: [],
      dismissible: false,
      ...said,
      connection: subject.connection,
    }
  }
}

const text = z.string().nullable().default(null)

/** Of all kinds: what one does not have is null. */
const subjectShape = z.object({
  connection: text,
  name: text,
  crm: text,
  step: text,
  code: text,
  message: text,
  reason: text,
  subject: text,
  lastDoneAt: text,
  again: text,
  what: text,
  scope: text,
  hold: text,
  pool: text,
  free: z.number().default(0),
  webhook: text,
  host: text,
  status: text,
  target: text,
  error: text,
  restoredAt: text,
  from: text,
  paused: text,
  problems: z.array(z.string()).default([]),
})

interface Telling {
  readonly key: string
  readonly count: number
  readonly subject: z.infer<typeof subjectShape>
  nameOf(action: string): string
}

const retry = (key: string, label = 'Try again now'): AttentionButton => ({
  label,
  method: 'POST',
  path: '/v1/attention/retry',
  body: { key },
  role: 'operator',
})
const look = (label: string, path: string): AttentionButton => ({
  label,
  method: 'GET',
  path,
  body: null,
  role: 'viewer',
})

const STEPS: Readonly<Record<string, string>> = {
  sync: 'Reading customers',
  refresh: 'Reading records that changed',
  score: 'Scoring',
  decide: 'Deciding',
  write_back: 'Writing to the records',
  observe: 'Looking what became of decisions',
  solve: 'Working out the policy',
}

const WORDS: Readonly<Record<AttentionKind, (telling: Telling) => Said>> = {
  restore: ({ subject: { from, paused } }) => ({
    tone: 'bad',
    title: 'A backup was restored, and not everything is known again',
    happened: `What went out${from === null ? '' : ` after ${dayOf(from)}`} and before the restore is in no ledger.`,
    means: `${paused === null ? 'Sending goes on' : 'Nothing is sent meanwhile'}. Messages that may have gone out are listed as uncertain and are never sent again by themselves.`,
    todo: 'Whoever runs the server lets it go on with “holdfast resume”, which asks the CRMs and providers first. Then resolve what is still uncertain.',
    buttons: [look('What is uncertain', '/v1/interventions?state=uncertain')],
  }),
  connection: ({ subject: { name, reason } }) => ({
    tone: 'bad',
    title: `${name} needs a new sign-in`,
    happened: sentence(reason ?? 'Its CRM does not accept us any more'),
    means: 'Nothing is read or written until then. Scores stay as they are, and what is due waits.',
    todo: 'Sign in to it again. If it is to stay so, disconnect it, and say whether what is known of its customers is kept or erased.',
  }),
  step: ({ key, subject: { name, step, message, lastDoneAt, again } }) => ({
    tone: 'bad',
    title: `${STEPS[step ?? ''] ?? step} failed: ${name}`,
    happened: sentence(message ?? ''),
    means:
      lastDoneAt === null
        ? 'It never worked yet, so nothing follows from it.'
        : `It last worked on ${dayOf(lastDoneAt)}; what you see is of then.`,
    todo:
      again === null
        ? 'It was given up and is not tried again by itself. Mend what it says, then try again.'
        : 'It is tried again by itself. Mend what it says, or try again now.',
    buttons: [retry(key)],
    dismissible: again !== null,
  }),
  stop: ({ subject: { scope, name, reason }, nameOf }) => ({
    tone: 'bad',
    title: `${scope === 'action' ? `“${nameOf(name ?? '')}”` : (CHANNELS[name ?? ''] ?? name)} stopped by itself`,
    happened: sentence((reason ?? '').replace(/^It stopped by itself: /, '')),
    means: 'Nothing of it is sent or chosen. What is open waits; everything else goes on.',
    todo: 'Look at what was sent and to whom. Then let it go on, or leave it stopped.',
    buttons: [
      look(
        'What was sent',
        `/v1/interventions?state=sent,confirmed&${scope ?? ''}=${encodeURIComponent(name ?? '')}`,
      ),
      {
        label: 'Let it go on',
        method: 'POST',
        path: '/v1/resume',
        body: { [scope ?? '']: name },
        role: 'admin',
      },
    ],
  }),
  ratio: () => ({
    tone: 'bad',
    title: 'The comparison groups are not as large as they should be',
    happened: 'By chance groups differ so much less than once in 1,000 times.',
    means: 'Customers are treated as before, but no result of the comparison can be trusted.',
    todo: 'Look for customers who were taken out of one group only, a condition of the population that depends on what was sent, or rows that were changed by hand.',
    buttons: [look('The groups', '/v1/groups')],
    dismissible: true,
  }),
  waiting: ({ key, count, subject: { code, reason } }) => ({
    tone: 'wait',
    title: `${many(count, 'action waits', 'actions wait')}: ${keptBackWords(code ?? '')}`,
    happened: sentence(reason ?? keptBackWords(code ?? '')),
    means: 'They go out as soon as this is mended, unless they expire before.',
    todo: 'Mend what it says. They are looked at again by themselves within an hour or two, or at once when settings are saved.',
    buttons: [
      look('These actions', `/v1/interventions?state=deferred&reason=${encodeURIComponent(code ?? '')}`),
      retry(key, 'Look again now'),
    ],
  }),
  refused: ({ key, count, subject: { what, name, crm, message } }) => ({
    tone: what === 'consent' ? 'bad' : 'wait',
    title: REFUSALS[what ?? '']?.title(count, CRMS[crm ?? ''] ?? name ?? '') ?? key,
    happened: sentence(message ?? 'The CRM did not say why'),
    means: REFUSALS[what ?? '']?.means ?? '',
    todo: 'Mend it in the CRM, then try again.',
    buttons: [retry(key)],
    dismissible: true,
  }),
  pool: ({ subject: { pool, free } }) => ({
    tone: free === 0 ? 'bad' : 'wait',
    title: free === 0 ? `The pool “${pool}” has no code left` : `The pool “${pool}” has few codes left`,
    happened:
      free === 0
        ? 'All its codes are given away or have ended.'
        : `${many(free, 'code is', 'codes are')} left.`,
    means: 'Offers of it wait or are dropped once there is none, as the settings say.',
    todo: 'Import more codes.',
    buttons: [look('The pools', '/v1/offer-pools')],
    dismissible: true,
  }),
  held: ({ count, subject: { hold } }) => ({
    tone: hold === 'complained' ? 'bad' : 'wait',
    title:
      hold === 'complained' ? `${many(count, 'customer')} complained` : `${many(count, 'customer')} answered`,
    happened: 'Their answer went to whoever is responsible.',
    means: 'Nothing is sent to them automatically until a person has looked.',
    todo: 'Read what they said, talk to them, then end the hold.',
    buttons: [look('Who they are', `/v1/holds?kind=${hold ?? ''}`)],
  }),
  webhook: ({ subject: { webhook, name, host, status, reason } }) => ({
    tone: status === 'disabled' ? 'bad' : 'wait',
    title: status === 'disabled' ? `The webhook “${name}” is off` : `The webhook “${name}” fails`,
    happened: sentence(reason ?? `${host} does not take messages`),
    means: `Customers notice nothing. ${status === 'disabled' ? 'It is told nothing any more.' : 'What it is to be told is tried again for three days.'}`,
    todo: `Mend what listens at ${host}, then send a test${status === 'disabled' ? ' and turn it on again' : ''}.`,
    buttons: [
      {
        label: 'Send a test',
        method: 'POST',
        path: `/v1/webhooks/${webhook}/test`,
        body: null,
        role: 'admin',
      },
      ...(status === 'disabled'
        ? [
            {
              label: 'Turn it on again',
              method: 'POST',
              path: `/v1/webhooks/${webhook}/enable`,
              body: null,
              role: 'admin',
            } as const,
          ]
        : []),
    ],
    dismissible: true,
  }),
  unheard: ({ count, subject: { target, error } }) => ({
    tone: 'wait',
    title: `${target} was not told of ${many(count, 'alert')}`,
    happened: sentence(error ?? 'The e-mail could not be sent'),
    means: 'Customers notice nothing; whoever should have known does not.',
    todo: 'Correct the address, or the e-mail server (settings: alerts.email, smtp).',
    buttons: [look('What was told', '/v1/alerts?state=failed')],
    dismissible: true,
  }),
  population: ({ subject: { name } }) => ({
    tone: 'wait',
    title: `Who counts as a customer in ${name}?`,
    happened: 'Nobody said so yet.',
    means: 'Its records are read, and none is scored, written to or acted on before.',
    todo: 'Say who counts as a customer.',
  }),
  note: ({ subject: { name, subject, message } }) => ({
    tone: 'wait',
    title: `${name}: look at ${subject}`,
    happened: sentence(message ?? ''),
    means: 'What is missing is missing in scores and reasons; nothing is made up for it.',
    todo: 'Look at the mapping of its fields.',
    dismissible: true,
  }),
  policy: ({ subject: { problems } }) => ({
    tone: 'wait',
    title: 'The policy that was worked out for your actions is not in charge',
    happened: problems.map(sentence).join(' '),
    means: 'The one before stays in charge, and actions that it does not know are not chosen.',
    todo: 'Look at the effects of your actions in the settings.',
    buttons: [look('The policy', '/v1/policy')],
    dismissible: true,
  }),
}

const CRMS: Readonly<Record<string, string>> = { hubspot: 'HubSpot', salesforce: 'Salesforce' }
const CHANNELS: Readonly<Record<string, string>> = { email: 'E-mail', sms: 'SMS', task: 'Making tasks' }

const REFUSALS: Readonly<
  Record<string, { readonly means: string; title(count: number, crm: string): string }>
> = {
  record: {
    title: (count, crm) => `${crm} refused ${many(count, 'record')}`,
    means: 'Scores are safe here; those records show an older risk, or none.',
  },
  activity: {
    title: (count, crm) => `${many(count, 'e-mail is', 'e-mails are')} missing on timelines in ${crm}`,
    means: 'They were sent; only the entries are missing.',
  },
  intervention: {
    title: (count, crm) => `${many(count, 'action is', 'actions are')} missing among the records of ${crm}`,
    means: 'They were carried out; only the records are missing.',
  },
  consent: {
    title: (count, crm) => `${crm} does not know of ${many(count, 'unsubscription')}`,
    means: `Holdfast keeps to them; messages that the CRM itself sends may not. Unsubscribe them there.`,
  },
  approval: {
    title: (count, crm) => `${crm} has no task for ${many(count, 'approval')}`,
    means: 'What waits does so until somebody answers it here.',
  },
}

const many = (count: number, one: string, several = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : several}`

const dayOf = (moment: string): string => `${moment.slice(0, 16).replace('T', ' ')} UTC`

function sentence(said: string): string {
  const trimmed = said.trim()
  if (trimmed === '') return ''
  const first = trimmed[0].toUpperCase() + trimmed.slice(1)
  return /[.!?…][)"”]?$/.test(first) ? first : `${first}.`
}

/**
 * What would become of interventions were everything switched on: the judgement of act itself (act-verdict.ts,
 * act-weigh.ts) over what is read of them, with what still has to be set up told apart. Nothing is written and no offer
 * is claimed.
 */
import type { InterventionId, TenantId } from '../contracts/ids.ts'
import { approvalVerdict } from '../settings/approval.ts'
import { actionsOf } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { listConnections } from '../store/connections.ts'
import type { Transaction } from '../store/database.ts'
import type { GuardFact } from '../store/guard-facts.ts'
import type { HeldIntervention } from '../store/interventions.ts'
import { readActFacts, type ActFacts } from './act-facts.ts'
import { reach, type Reached } from './act-reach.ts'
import type { ActServices } from './act-services.ts'
import { judge, type Candidate, type JudgeTerms, type Verdict } from './act-verdict.ts'
import { weigh, type Claiming, type Weighing } from './act-weigh.ts'
import { readWeighings } from './act-weighing.ts'
import { missingForLive } from './delivery.ts'
import type { PreviewJudge } from './preview-book.ts'
import type { Judged, PreviewMessage } from './preview-tally.ts'

export type PreviewServices = Pick<
  ActServices,
  'secrets' | 'clock' | 'connectors' | 'publicUrl' | 'localUrl' | 'feedbackPath'
> & { readonly channels?: Pick<ActServices['channels'], 'smsSituation'> }

/** Stand in for what is not set up yet, which is told beside. */
const ELSEWHERE = {
  url: 'https://preview.invalid',
  host: 'preview.invalid',
  address: 'preview@example.invalid',
}

/** One for each preview: who was written to in it counts against the caps of the rest. */
export function previewJudge(services: PreviewServices, tenant: TenantId): PreviewJudge {
  const written = new Map<string, GuardFact['contacts'][number][]>()
  return {
    asLive: (settings) => ({
      ...settings,
      delivery: { ...settings.delivery, mode: 'live' },
      sender: {
        ...settings.sender,
        address: settings.sender.address ?? ELSEWHERE.address,
        postalAddress:
          settings.sender.postalAddress ?? '(No postal address yet: settings, sender.postalAddress)',
      },
      smtp: { ...settings.smtp, host: settings.smtp.host ?? ELSEWHERE.host },
    }),
    missing: (tx, settings) => missingOf(tx, services, settings),
    async judge(tx, rows, settings) {
      const facts = asIfOn(await readActFacts(tx, services, { rows, settings }))
      const terms = termsOf(services, tenant, facts)
      const found = new Map<InterventionId, Judged>()
      const candidates: { row: HeldIntervention; candidate: Candidate; reached: Reached }[] = []
      for (const row of rows) {
        // What a yes would be worth is seen behind it; that it is needed is told as well.
        const verdict = judge(
          { ...row, ...UNTOUCHED, approvedAt: facts.now, approvedBy: 'preview' },
          facts,
          terms,
        )
        if (verdict.do !== 'weigh') {
          found.set(row.id, judged(verdict, nameOf(row, facts)))
          continue
        }
        const reaching = reach(verdict, facts)
        if ('verdict' in reaching) found.set(row.id, judged(reaching.verdict, nameOf(row, facts)))
        else candidates.push({ row, candidate: verdict, reached: reaching.reached })
      }
      for (const [at, known] of (await readWeighings(tx, candidates, facts)).entries()) {
        const { row, reached } = candidates[at]
        const { guardFact } = known
        const before = written.get(personOf(reached) ?? '') ?? []
        const weighing: Weighing = {
          ...known,
          guardFact: guardFact && { ...guardFact, contacts: [...guardFact.contacts, ...before] },
        }
        const verdict = weigh(weighing, facts, terms)
        const name = nameOf(row, facts)
        const message = () => dryMessage(weighing, facts, terms)
        if (verdict.do !== 'send' && verdict.do !== 'claim') {
          const one = judged(verdict, name)
          // What waits for the morning says the same then.
          found.set(row.id, one.outcome === 'later' ? { ...one, message } : one)
          continue
        }
        note(written, reached, row, facts.now)
        const asks = approvalOf(row, facts)
        found.set(
          row.id,
          asks === null
            ? { outcome: 'send', code: null, reason: null, customerName: name, message }
            : { outcome: 'approval', code: asks.code, reason: asks.reason, customerName: name, message },
        )
      }
      return found
    },
  }
}

/** An open one is judged as if it had just been planned. */
const UNTOUCHED = { state: 'planned', attempts: 0, reasonCode: null } as const

/** What is open today: where the switches stand is told beside, and would hide everything else. */
function asIfOn(facts: ActFacts): ActFacts {
  return {
    ...facts,
    contexts: new Map(
      [...facts.contexts].map(([id, context]) => [
        id,
        {
          ...context,
          activated: true,
          connection: {
            ...context.connection,
            sandbox: false,
            config: { ...context.connection.config, builtIn: false },
          },
        },
      ]),
    ),
    pauses: { ...facts.pauses, installation: null, tenant: null },
  }
}

function termsOf(services: PreviewServices, tenant: TenantId, facts: ActFacts): JudgeTerms {
  const { connectors, publicUrl, localUrl, channels } = services
  const sms = channels?.smsSituation?.(facts.settings) ?? null
  return {
    tenant,
    connectors,
    keys: facts.keys,
    localUrl,
    publicUrl: publicUrl?.startsWith('https://') === true ? publicUrl : ELSEWHERE.url,
    sms: sms === null ? null : { ...sms, missing: [] },
  }
}

async function missingOf(
  tx: Transaction,
  services: PreviewServices,
  settings: ServiceSettings,
): Promise<readonly string[]> {
  const { publicUrl, channels } = services
  const sms = channels?.smsSituation?.(settings)
  const sandboxes = (await listConnections(tx)).filter(
    ({ sandbox, status }) => sandbox && status === 'active',
  )
  const clauses = [
    missingForLive({ channel: 'email', settings, publicUrl }),
    sms === undefined ? null : missingForLive({ channel: 'sms', settings, publicUrl, sms }),
  ]
  return [
    ...(settings.delivery.mode === 'live'
      ? []
      : [`The delivery mode is ${settings.delivery.mode}, not live (settings: delivery.mode).`]),
    ...['E-mail', 'SMS'].flatMap((channel, at) => {
      const clause = clauses[at]
      return clause === null
        ? []
        : [`${channel}: ${clause.replace('Nothing can be sent yet. Missing: ', 'missing: ')}`]
    }),
    ...sandboxes.map(({ name }) => `“${name}” is a sandbox, which is always a dry run.`),
  ]
}

const nameOf = ({ customer }: HeldIntervention, { contexts }: ActFacts): string | null =>
  contexts.get(customer)?.customer.name ?? null

function approvalOf(row: HeldIntervention, { settings, now, feedback }: ActFacts) {
  const { actionKey, channel, approvedAt } = row
  return approvalVerdict(
    { actionKey, channel, approvedAt, delivery: 'live' },
    { delivery: settings.delivery, actions: actionsOf(settings), feedback, now },
  )
}

function judged(verdict: Verdict, customerName: string | null): Judged {
  if (verdict.do === 'send')
    return { outcome: 'send', code: null, reason: null, customerName, message: () => null }
  const { code, reason } = verdict
  const none = { code, reason, customerName, message: () => null }
  if (verdict.do === 'wait') return { outcome: verdict.dueInMs === undefined ? 'waits' : 'later', ...none }
  if (verdict.to === 'suppressed') return { outcome: 'suppressed', ...none }
  return { outcome: verdict.to === 'dry_run' ? 'not_possible' : 'ends', ...none }
}

/** As a dry run has it: its links lead nowhere, and its codes are made up. */
function dryMessage(weighing: Weighing, facts: ActFacts, terms: JudgeTerms): PreviewMessage | null {
  const dry: Verdict | Claiming = weigh(
    {
      ...weighing,
      candidate: { ...weighing.candidate, delivery: { kind: 'dry_run', code: 'preview', reason: '' } },
    },
    facts,
    terms,
  )
  return dry.do === 'settle' && isMessage(dry.set?.message) ? dry.set.message : null
}

function isMessage(message: unknown): message is PreviewMessage {
  return typeof message === 'object' && message !== null && 'kind' in message
}

const personOf = ({ hash }: Reached): string | null => hash?.toString('hex') ?? null

function note(
  written: Map<string, GuardFact['contacts'][number][]>,
  reached: Reached,
  { actionKey }: HeldIntervention,
  at: Date,
): void {
  const person = personOf(reached)
  if (person === null) return
  written.set(person, [...(written.get(person) ?? []), { at, actionKey, delivery: 'live' }])
}

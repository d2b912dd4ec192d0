/** What is sent at all, from the command line: pauses, the kill switch, the preview, and answers to what waits. */
import { z } from 'zod'
import { HoldfastError } from '../contracts/errors.ts'
import { asIntervention } from '../contracts/ids.ts'
import {
  CHANNELS,
  pausePart,
  releaseEverything,
  resumePart,
  stopEverything,
  type Part,
} from '../loop/pausing.ts'
import { previewBook } from '../loop/preview-book.ts'
import { previewJudge } from '../loop/preview-judge.ts'
import { reconcileRestore } from '../loop/reconcile-restore.ts'
import { resumeEverything, resumeSending } from '../loop/standing.ts'
import type { Service } from '../service.ts'
import { actionNames } from '../settings/planning.ts'
import { recordAudit } from '../store/audit.ts'
import type { Transaction } from '../store/database.ts'
import { approve, reject } from '../store/interventions.ts'
import { listInterventions } from '../store/reads/interventions.ts'
import { LARGEST_PAGE } from '../store/reads/paging.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { pauseInstallation, pauseTenant } from '../store/tenants.ts'
import { asked } from './asked.ts'
import type { ControlCommand } from './server.ts'
import { companyOf } from './setup.ts'

const actor = 'cli'

const ofCompany = z.object({ company: z.string().optional() })
const reasoned = z.object({ reason: z.string().trim().min(1).max(300).optional() })
const ofPart = ofCompany.extend({
  action: z.string().min(1).max(60).optional(),
  channel: z.enum(CHANNELS).optional(),
})

const SAID = 'From the command line.'

/** @param wake has the queue look at once */
export function sendingCommands(
  service: Service,
  wake: () => void,
): Readonly<Record<string, ControlCommand>> {
  const { database } = service
  return {
    pause: async (options) => {
      const { company, reason = SAID, ...named } = asked(ofPart.extend(reasoned.shape), options)
      const part = partOf(named)
      if (company === undefined && part === null) {
        await database.asSystem('pause everything', (tx) => pauseInstallation(tx, reason))
        return { paused: true, reason, company: null, part: null }
      }
      const tenant = await companyOf(service, company)
      const already = await database.withTenant(tenant.id, async (tx) => {
        if (part !== null) return !(await pausePart(tx, part, { reason, actor }))
        await pauseTenant(tx, tenant.id, reason)
        await recordAudit(tx, { actor, action: 'tenant.pause', detail: { reason } })
        return false
      })
      return { paused: true, reason, company: tenant.name, part: part?.name ?? null, already }
    },

    resume: async (options, { report, signal }) => {
      const { company, anyway, ...named } = asked(
        ofPart.extend({ anyway: z.boolean().default(false) }),
        options,
      )
      const part = partOf(named)
      if (company === undefined && part === null) {
        // After a restore: what went out since the backup is asked for first, so that nothing goes out again.
        report('Looking whether anything was restored from a backup …')
        const found = await reconcileRestore(service, signal)
        if (found.problems.length > 0 && !anyway)
          throw new HoldfastError(
            'conflict',
            `Everything stays paused: a backup was restored, and what went out after it could not be asked about. ${found.problems.join(' ')} Mend that and resume again, or resume with --anyway: what could not be asked about stays uncertain and is not sent again.`,
          )
        await resumeEverything(database)
        wake()
        const { sent, unsent, uncertain } = found
        return { paused: false, company: null, part: null, restored: { sent, unsent, uncertain } }
      }
      const tenant = await companyOf(service, company)
      const was = await database.withTenant(tenant.id, async (tx) => {
        tx.afterCommit(wake)
        if (part !== null) return resumePart(tx, part, { actor })
        await resumeSending(tx, tenant.id)
        await recordAudit(tx, { actor, action: 'tenant.resume' })
        return true
      })
      return { paused: false, company: tenant.name, part: part?.name ?? null, was }
    },

    stop: async (options) => {
      const { company, reason = SAID } = asked(ofCompany.extend(reasoned.shape), options)
      const tenant = await companyOf(service, company)
      const cancelled = await database.withTenant(tenant.id, (tx) => stopEverything(tx, { reason, actor }))
      return { company: tenant.name, stopped: true, reason, cancelled }
    },

    release: async (options) => {
      const tenant = await companyOf(service, asked(ofCompany, options).company)
      const was = await database.withTenant(tenant.id, (tx) => releaseEverything(tx, { actor }))
      return { company: tenant.name, stopped: false, was }
    },

    preview: async (options, { report, signal }) => {
      const { company, whole } = asked(ofCompany.extend({ whole: z.boolean().default(false) }), options)
      const tenant = await companyOf(service, company)
      report('Deciding and judging as the real thing does; nothing is written …')
      const judge = previewJudge(service, tenant.id)
      const preview = await previewBook(service, { tenant: tenant.id, judge, whole, signal })
      if (preview === null)
        throw new HoldfastError('server_unreachable', 'The preview was broken off.', { retryable: true })
      const names = await database.withTenant(tenant.id, namesOf)
      return {
        company: tenant.name,
        ...preview,
        at: preview.at.toISOString(),
        actions: preview.actions.map((one) => ({ ...one, name: names(one.key) })),
        reasons: preview.reasons.map((one) => ({ ...one, actionName: names(one.actionKey) })),
      }
    },

    approvals: async (options) => {
      const { company, answer, ids, note } = asked(answering, options)
      const tenant = await companyOf(service, company)
      return database.withTenant(tenant.id, async (tx) => {
        for (const id of ids) {
          const said = { actor, ...(note === undefined ? {} : { note }) }
          await (answer === 'approve' ? approve : reject)(tx, asIntervention(id), said)
          await recordAudit(tx, { actor, action: `intervention.${answer}`, object: id })
        }
        if (ids.length > 0) tx.afterCommit(wake)
        const waiting = await listInterventions(tx, { state: ['awaiting_approval'], limit: LARGEST_PAGE })
        const names = await namesOf(tx)
        return {
          company: tenant.name,
          answered: ids,
          waiting: waiting.items.map((one) => ({ ...one, actionName: names(one.actionKey) })),
          more: waiting.next !== null,
        }
      })
    },
  }
}

const namesOf = async (tx: Transaction): Promise<(key: string) => string> =>
  actionNames((await currentSettings(tx)).settings)

const answering = ofCompany
  .extend({
    answer: z.enum(['list', 'approve', 'reject']).default('list'),
    ids: z.array(z.uuid('takes the ids that "holdfast approvals" lists')).max(LARGEST_PAGE).default([]),
    note: z.string().trim().min(1).max(500).optional(),
  })
  .refine(({ answer, ids }) => (answer === 'list') === (ids.length === 0), {
    error: 'go with approve and reject, one at least: holdfast approvals approve <id>',
    path: ['ids'],
  })

function partOf({
  action,
  channel,
}: {
  action?: string | undefined
  channel?: string | undefined
}): Part | null {
  if (action !== undefined && channel !== undefined)
    throw new HoldfastError('usage', 'Name an action or a channel, not both.')
  if (action !== undefined) return { scope: 'action', name: action }
  return channel === undefined ? null : { scope: 'channel', name: channel }
}

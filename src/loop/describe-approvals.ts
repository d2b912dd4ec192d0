/**
 * What a person who is asked has to know beside the figures: why this action, whom it reaches, what it would say, and
 * whether anything else speaks against it. Judged as if it were about to go, for a page of them at once.
 */
import type { TenantId } from '../contracts/ids.ts'
import { actionNames } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { Transaction } from '../store/database.ts'
import { peekInterventions } from '../store/interventions.ts'
import type { OpenApproval } from '../store/reads/approvals.ts'
import { readDecisions } from '../store/reads/decisions.ts'
import { traceOf } from './decision-trace.ts'
import { previewOf } from './message-preview.ts'
import { previewJudge, type PreviewServices } from './preview-judge.ts'
import type { Judged, Outcome, PreviewMessage } from './preview-tally.ts'

export interface DescribedApproval extends OpenApproval {
  readonly actionName: string
  /** A sentence that a person could read aloud. */
  readonly why: string
  /** Null: nobody, as `held` says, or nobody is named by a task. */
  readonly reaches: { readonly name: string | null; readonly address: string | null } | null
  /** As it would be sent, its links leading nowhere; null: there is none, as `held` says. */
  readonly message: PreviewMessage | null
  /** What keeps it from going out even after a yes, as a sentence; null: nothing. */
  readonly held: string | null
  /** What would become of it then in place of going out; null: it would go out. */
  readonly instead: Exclude<Outcome, 'send' | 'approval'> | null
}

/**
 * @param approvals a page of them
 * @example
 * const items = await describeApprovals(tx, services, { tenant, approvals, settings })
 */
export async function describeApprovals(
  tx: Transaction,
  services: PreviewServices,
  {
    tenant,
    approvals,
    settings,
  }: {
    readonly tenant: TenantId
    readonly approvals: readonly OpenApproval[]
    readonly settings: ServiceSettings
  },
): Promise<readonly DescribedApproval[]> {
  if (approvals.length === 0) return []
  const nameOf = actionNames(settings)
  const decisions = await readDecisions(
    tx,
    approvals.flatMap(({ decision }) => (decision === null ? [] : [decision])),
  )
  const judge = previewJudge(services, tenant)
  const rows = await peekInterventions(
    tx,
    approvals.map(({ id }) => id),
  )
  const live = judge.asLive(settings)
  const judged = await judge.judge(tx, rows, live)
  const described: DescribedApproval[] = []
  for (const approval of approvals) {
    const decision = approval.decision === null ? undefined : decisions.get(approval.decision)
    const one = judged.get(approval.id)
    const held = heldOf(one)
    // What waits for something else is shown all the same, where it can be written.
    const message =
      one?.message() ??
      (await previewOf(tx, services, { tenant, id: approval.id, settings: live, origin: services.localUrl }))
        .message
    described.push({
      ...approval,
      actionName: nameOf(approval.actionKey),
      why:
        decision === undefined
          ? `${approval.createdBy.replace(/^\w+:/, '')} asked for it.`
          : traceOf(decision, nameOf).sentence,
      reaches: reachesOf(message),
      message,
      held: held === null ? null : held.reason,
      instead: held === null ? null : held.outcome,
    })
  }
  return described
}

function reachesOf(message: PreviewMessage | null): DescribedApproval['reaches'] {
  if (message === null) return null
  if (message.kind === 'email') return message.to
  if (message.kind === 'sms') return { name: null, address: message.to }
  return message.responsible === null ? null : { name: message.responsible.name, address: null }
}

/** Null: a yes is all that it waits for. */
function heldOf(
  judged: Judged | undefined,
): { readonly reason: string | null; readonly outcome: Exclude<Outcome, 'send' | 'approval'> } | null {
  if (judged === undefined) return null
  const { outcome, reason } = judged
  return outcome === 'send' || outcome === 'approval' ? null : { reason, outcome }
}

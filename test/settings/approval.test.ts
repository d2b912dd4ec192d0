import { describe, expect, it } from 'vitest'
import { referenceActions } from '../../actions/catalogue.ts'
import { approvalVerdict, type ApprovalFact } from '../../src/settings/approval.ts'
import { deliverySettings } from '../../src/settings/automation.ts'

const now = new Date('2026-11-21T12:00:00Z')
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000)
const feedback = { ok: true } as const
const blind = { ok: false, reason: 'no bounce receiver is set up.' } as const
const email: ApprovalFact = { actionKey: 'email', channel: 'email', approvedAt: null, delivery: 'live' }
const discount: ApprovalFact = { ...email, actionKey: 'discount_10', channel: 'task' }
const asked = (
  fact: ApprovalFact,
  { path = feedback, approval = {} }: { path?: typeof feedback | typeof blind; approval?: object } = {},
) =>
  approvalVerdict(fact, {
    delivery: deliverySettings.parse({ approval }),
    actions: referenceActions,
    feedback: path,
    now,
  })?.code ?? null

describe('an approval that is asked for right before sending', () => {
  it('is needed for discounts and calls unless the settings say otherwise', () => {
    expect(asked(discount)).toBe('needs_approval')
    expect(asked({ ...email, actionKey: 'call_discount_30', channel: 'task' })).toBe('needs_approval')
    expect(asked(discount, { approval: { discounts: false, calls: false } })).toBeNull()
    expect(asked(email)).toBeNull()
    expect(asked(email, { approval: { email: true } })).toBe('needs_approval')
  })

  it('is needed for every live e-mail where bounces and answers do not come back, and says why', () => {
    expect(asked(email, { path: blind })).toBe('no_feedback_path')
    for (const delivery of ['dry_run', 'sandbox', 'test_list'] as const)
      expect(asked({ ...email, delivery }, { path: blind })).toBeNull()
    expect(asked({ ...email, channel: 'sms', actionKey: 'sms' }, { path: blind })).toBeNull()
    const verdict = approvalVerdict(email, {
      delivery: deliverySettings.parse({}),
      actions: referenceActions,
      feedback: blind,
      now,
    })
    expect(verdict?.reason).toContain('no bounce receiver is set up')
  })

  it('holds for the days that the settings say, then is asked for again', () => {
    expect(asked({ ...discount, approvedAt: daysAgo(14) })).toBeNull()
    expect(asked({ ...discount, approvedAt: daysAgo(14.01) })).toBe('approval_expired')
    expect(asked({ ...discount, approvedAt: daysAgo(2) }, { approval: { validDays: 1 } })).toBe(
      'approval_expired',
    )
    // A yes that was not needed cannot be too old.
    expect(asked({ ...email, approvedAt: daysAgo(50) })).toBeNull()
    expect(asked({ ...email, approvedAt: daysAgo(50) }, { path: blind })).toBe('approval_expired')
  })

  it('is needed for what the catalogue does not have any more', () => {
    expect(asked({ ...email, actionKey: 'gone' })).toBe('needs_approval')
  })
})

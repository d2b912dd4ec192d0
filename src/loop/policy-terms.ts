/** What a policy bundle says of the world it was trained in: costs, margin, and how sure its effects are. */
import { z } from 'zod'
import type { PolicyBundle } from '../../models/onnx/bundle-contents.ts'
import type { ActionValues } from '../../models/policy/policy.ts'
import type { Pricing } from '../../models/policy/reprice.ts'
import { HoldfastError } from '../contracts/errors.ts'

const terms = z.object({
  economics: z.object({ margin: z.number().positive() }),
  actions: z.array(
    z.object({
      key: z.string(),
      share: z.number().min(0),
      durationMonths: z.number().min(0),
      fixedMonths: z.number().min(0),
    }),
  ),
})

/**
 * Costs and margin that the policy's values were computed with.
 *
 * @throws HoldfastError `model_corrupt` when the bundle does not say
 */
export function pricingOf(policy: PolicyBundle): Pricing {
  const parsed = terms.safeParse(policy.assumptions)
  if (!parsed.success || parsed.data.actions.length !== policy.actions.length) {
    throw new HoldfastError(
      'model_corrupt',
      `The policy in ${policy.dir} does not state its assumptions. Install Holdfast again.`,
      {
        cause: parsed.error,
      },
    )
  }
  return {
    margin: parsed.data.economics.margin,
    costs: parsed.data.actions.map(({ share, durationMonths }) => ({ fixedMinor: 0, share, durationMonths })),
  }
}

export function benefitsOf(_values: ActionValues, _policy: PolicyBundle): Float32Array | null {
  return null
}

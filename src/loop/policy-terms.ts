/** What a policy bundle says of the world it was trained in: costs, margin, and what it believes of the actions. */
import { z } from 'zod'
import type { PolicyBundle } from '../../models/onnx/bundle-contents.ts'
import type { Training } from '../../models/policy/reprice.ts'
import { HoldfastError } from '../contracts/errors.ts'

const number = z.number().min(0)
const terms = z.object({
  economics: z.object({ margin: z.number().positive(), gamma: z.number().positive().max(1) }),
  actions: z.array(
    z.object({
      key: z.string(),
      share: number,
      durationMonths: number,
      fixedMonths: z.literal(0, 'fixed costs are added when the values are priced'),
      effectMean: z.number(),
      effectSd: number,
    }),
  ),
})

/**
 * @throws HoldfastError `model_corrupt` when the bundle does not say what it was trained with
 */
export function trainingOf(policy: PolicyBundle): Training {
  const parsed = terms.safeParse(policy.assumptions)
  const keys = parsed.data?.actions.map(({ key }) => key) ?? []
  if (!parsed.success || keys.join() !== policy.actions.join()) {
    throw new HoldfastError(
      'model_corrupt',
      `The policy in ${policy.dir} does not say what it was trained with. Install Holdfast again.`,
      { cause: parsed.error },
    )
  }
  const { economics, actions } = parsed.data
  return {
    actions: policy.actions,
    margin: economics.margin,
    gamma: economics.gamma,
    costs: actions.map(({ share, durationMonths }) => ({ fixedMinor: 0, share, durationMonths })),
    priors: actions.map(({ effectMean, effectSd }) => ({ mean: effectMean, sd: effectSd })),
  }
}

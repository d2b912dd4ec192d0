/** Every route of the API. */
import type { Route } from '../route.ts'
import { connectionControlRoutes } from './connection-control.ts'
import { connectionRoutes } from './connections.ts'
import { budgetRoutes } from './budget.ts'
import { controlRoutes } from './control.ts'
import { customerRoutes } from './customers.ts'
import { decisionRoutes } from './decisions.ts'
import { exportRoutes } from './exports.ts'
import { groupRoutes } from './groups.ts'
import { holdRoutes } from './holds.ts'
import { interventionRoutes } from './interventions.ts'
import { offerRoutes } from './offers.ts'
import { policyRoutes } from './policy.ts'
import { previewRoutes } from './preview.ts'
import { scoreRoutes } from './score.ts'
import { suppressedRoutes } from './suppressed.ts'
import { outgoingWebhookRoutes } from './webhooks-out.ts'

export const apiRoutes: readonly Route[] = [
  ...scoreRoutes,
  ...customerRoutes,
  ...decisionRoutes,
  ...interventionRoutes,
  ...offerRoutes,
  ...holdRoutes,
  ...suppressedRoutes,
  ...budgetRoutes,
  ...connectionRoutes,
  ...connectionControlRoutes,
  ...controlRoutes,
  ...policyRoutes,
  ...previewRoutes,
  ...groupRoutes,
  ...outgoingWebhookRoutes,
  ...exportRoutes,
]

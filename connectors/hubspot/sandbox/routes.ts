/** Everything that the sandbox answers to. A new group of endpoints is added here. */
import { accountRoutes } from './account.ts'
import { associationRoutes } from './associations.ts'
import { batchRoutes } from './batch.ts'
import { consentRoutes } from './consent-page.ts'
import { oauthRoutes } from './oauth.ts'
import { objectRoutes } from './objects.ts'
import { ownerRoutes } from './owners.ts'
import { pipelineRoutes } from './pipelines.ts'
import { propertyRoutes } from './properties.ts'
import type { SandboxRoute } from './route.ts'
import { searchRoutes } from './search.ts'
import { preferenceRoutes } from './subscriptions.ts'
import { webhooksJournalRoutes } from './webhooks-journal-routes.ts'
import { workflowCallbackRoutes } from './workflow-calls.ts'

export const sandboxRoutes: readonly SandboxRoute[] = [
  ...searchRoutes,
  ...batchRoutes,
  ...objectRoutes,
  ...propertyRoutes,
  ...associationRoutes,
  ...ownerRoutes,
  ...pipelineRoutes,
  ...preferenceRoutes,
  ...accountRoutes,
  ...workflowCallbackRoutes,
  ...webhooksJournalRoutes,
  ...oauthRoutes,
  ...consentRoutes,
]

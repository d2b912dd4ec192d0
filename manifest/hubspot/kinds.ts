/** Every kind of component that the app has: another one is a file in kinds/ and a line here. */
import { app } from './kinds/app.ts'
import { bulkActions } from './kinds/bulk-actions.ts'
import { cards } from './kinds/cards.ts'
import type { Kind } from './kinds/kind.ts'
import { pages } from './kinds/pages.ts'
import { settings } from './kinds/settings.ts'
import { telemetry } from './kinds/telemetry.ts'
import { webhooks } from './kinds/webhooks.ts'
import { workflowActions } from './kinds/workflow-actions.ts'

export const KINDS: readonly Kind[] = [
  app,
  webhooks,
  cards,
  pages,
  settings,
  bulkActions,
  workflowActions,
  telemetry,
]

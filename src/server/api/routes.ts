/** Every route of the API. */
import type { Route } from '../route.ts'
import { alertRoutes } from './alerts.ts'
import { approvalRoutes } from './approvals.ts'
import { attentionRoutes } from './attention.ts'
import { badgeRoutes } from './badges.ts'
import { apiKeyRoutes } from './api-keys.ts'
import { auditRoutes } from './audit.ts'
import { connectionControlRoutes } from './connection-control.ts'
import { connectionRoutes } from './connections.ts'
import { budgetRoutes } from './budget.ts'
import { controlRoutes } from './control.ts'
import { oneCustomerRoutes } from './customer.ts'
import { customerListRoutes } from './customer-lists.ts'
import { customerViewRoutes } from './customer-views.ts'
import { dataExportRoutes } from './data-exports.ts'
import { decisionRoutes } from './decisions.ts'
import { eventRoutes } from './events.ts'
import { exportRoutes } from './exports.ts'
import { frameRoutes } from './frame.ts'
import { funnelRoutes } from './funnel.ts'
import { groupRoutes } from './groups.ts'
import { holdRoutes } from './holds.ts'
import { interventionRoutes } from './interventions.ts'
import { modelRoutes } from './models.ts'
import { offerRoutes } from './offers.ts'
import { overviewRoute } from './overview.ts'
import { packageKeyRoutes } from './package-keys.ts'
import { peopleRoutes } from './people.ts'
import { policyRoutes } from './policy.ts'
import { previewRoutes } from './preview.ts'
import { repAnswerRoutes } from './rep-answers.ts'
import { reportRoutes } from './report.ts'
import { runRoutes } from './runs.ts'
import { peopleDataRoutes } from './people-data.ts'
import { retentionRoutes } from './retention.ts'
import { scoreRoutes } from './score.ts'
import { setUpAgreementRoutes } from './setup-agreements.ts'
import { setUpConnectRoutes } from './setup-connect.ts'
import { setUpCustomerRoutes } from './setup-customers.ts'
import { setUpDraftRoutes } from './setup-drafts.ts'
import { setUpMappingRoutes } from './setup-mapping.ts'
import { setUpRoutes } from './setup.ts'
import { settingsHistoryRoutes } from './settings-history.ts'
import { settingsRoutes } from './settings.ts'
import { sessionRoutes } from './session.ts'
import { sessionsRoutes } from './sessions.ts'
import { suppressedRoutes } from './suppressed.ts'
import { trainingRoutes } from './training.ts'
import { whatIfRoutes } from './what-if.ts'
import { uncertainRoutes } from './uncertain.ts'
import { timelineRoutes } from './timeline.ts'
import { tryRoutes } from './try.ts'
import { templateRoutes } from './templates.ts'
import { templateTestRoutes } from './template-tests.ts'
import { outgoingWebhookRoutes } from './webhooks-out.ts'

export const apiRoutes: readonly Route[] = [
  ...frameRoutes,
  ...scoreRoutes,
  overviewRoute(),
  ...customerListRoutes,
  ...customerViewRoutes,
  ...decisionRoutes,
  ...funnelRoutes,
  ...interventionRoutes,
  ...uncertainRoutes,
  ...approvalRoutes,
  ...repAnswerRoutes,
  ...attentionRoutes,
  ...badgeRoutes,
  ...oneCustomerRoutes,
  ...timelineRoutes,
  ...tryRoutes,
  ...offerRoutes,
  ...holdRoutes,
  ...suppressedRoutes,
  ...budgetRoutes,
  ...connectionRoutes,
  ...connectionControlRoutes,
  ...setUpRoutes,
  ...setUpConnectRoutes,
  ...setUpCustomerRoutes,
  ...setUpMappingRoutes,
  ...setUpAgreementRoutes,
  ...setUpDraftRoutes,
  ...runRoutes,
  ...eventRoutes,
  ...controlRoutes,
  ...modelRoutes,
  ...trainingRoutes,
  ...settingsRoutes,
  ...settingsHistoryRoutes,
  ...templateRoutes,
  ...templateTestRoutes,
  ...policyRoutes,
  ...whatIfRoutes,
  ...previewRoutes,
  ...groupRoutes,
  ...alertRoutes,
  ...outgoingWebhookRoutes,
  ...exportRoutes,
  ...reportRoutes,
  ...peopleDataRoutes,
  ...dataExportRoutes,
  ...retentionRoutes,
  ...sessionRoutes,
  ...sessionsRoutes,
  ...peopleRoutes,
  ...apiKeyRoutes,
  ...packageKeyRoutes,
  ...auditRoutes,
]

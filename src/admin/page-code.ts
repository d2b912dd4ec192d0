/** The code of each page, loaded when it is first opened (or when its link is pointed at). */
import { lazy, type ComponentType, type LazyExoticComponent } from 'react'
import type { PageKey } from './pages.ts'

const CODE: Readonly<Record<PageKey, () => Promise<ComponentType>>> = {
  overview: async () => (await import('./pages/overview.tsx')).OverviewPage,
  customers: async () => (await import('./pages/customers.tsx')).CustomersPage,
  customer: async () => (await import('./pages/customer.tsx')).CustomerPage,
  report: async () => (await import('./pages/report.tsx')).ReportPage,
  model: async () => (await import('./pages/model.tsx')).ModelPage,
  training: async () => (await import('./pages/training.tsx')).TrainingPage,
  trainingRun: async () => (await import('./pages/training-run.tsx')).TrainingRunPage,
  policy: async () => (await import('./pages/policy.tsx')).PolicyPage,
  whatIf: async () => (await import('./pages/what-if.tsx')).WhatIfPage,
  approvals: async () => (await import('./pages/approvals.tsx')).ApprovalsPage,
  actions: async () => (await import('./pages/actions.tsx')).ActionsPage,
  actionList: async () => (await import('./pages/action-list.tsx')).ActionListPage,
  decisionList: async () => (await import('./pages/decision-list.tsx')).DecisionListPage,
  repAnswers: async () => (await import('./pages/rep-answers.tsx')).RepAnswersPage,
  attention: async () => (await import('./pages/attention.tsx')).AttentionPage,
  held: async () => (await import('./pages/held.tsx')).HeldPage,
  sending: async () => (await import('./pages/sending.tsx')).SendingPage,
  groups: async () => (await import('./pages/groups.tsx')).GroupsPage,
  alerts: async () => (await import('./pages/alerts.tsx')).AlertsPage,
  webhooks: async () => (await import('./pages/webhooks.tsx')).WebhooksPage,
  people: async () => (await import('./pages/people.tsx')).PeoplePage,
  keys: async () => (await import('./pages/keys.tsx')).KeysPage,
  privacy: async () => (await import('./pages/privacy.tsx')).PrivacyPage,
  sessions: async () => (await import('./pages/sessions.tsx')).SessionsPage,
  settings: async () => (await import('./pages/settings.tsx')).SettingsPage,
  settingsHistory: async () => (await import('./pages/settings-history.tsx')).SettingsHistoryPage,
  templates: async () => (await import('./pages/templates.tsx')).TemplatesPage,
  template: async () => (await import('./pages/template.tsx')).TemplatePage,
  connections: async () => (await import('./pages/connections.tsx')).ConnectionsPage,
  connection: async () => (await import('./pages/connection.tsx')).ConnectionPage,
  runs: async () => (await import('./pages/runs.tsx')).RunsPage,
  audit: async () => (await import('./pages/audit.tsx')).AuditPage,
  setup: async () => (await import('./pages/setup.tsx')).SetUpPage,
}

/** Their code could not be loaded: the component that was made of it fails for good. */
const failed = new Set<PageKey>()
const made = new Map<PageKey, LazyExoticComponent<ComponentType>>()

/** The same component for the same page, always: else it would lose its state. */
export function codeOf(key: PageKey): LazyExoticComponent<ComponentType> {
  const known = made.get(key)
  if (known !== undefined) return known
  const component = lazy(async () => {
    try {
      return { default: await CODE[key]() }
    } catch (error) {
      failed.add(key)
      throw error
    }
  })
  made.set(key, component)
  return component
}

/** Once one is elsewhere: what could not be loaded may be loaded the next time. */
export function forgetFailed(): void {
  for (const key of failed) made.delete(key)
  failed.clear()
}

/** Fetches the code of a page before it is opened. */
export function fetchCode(key: PageKey): void {
  CODE[key]().catch(() => undefined)
}
